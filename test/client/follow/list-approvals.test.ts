import { expect, test } from "vitest";
import { createClient, ProtocolError } from "../../../src/client/index.js";
import { failure, rawServer } from "../../faults/in-test.js";
import { answer } from "../../faults/raw-server.js";
import { sharedServer } from "../../shared-server.js";
import { waitUntil } from "../../wait-until.js";
import { whenUnlocked } from "../../when-unlocked.js";

const client = createClient({ baseUrl: sharedServer.baseUrl });

test("on 0.5.0, open approvals are derived from the events of waiting runs", async () => {
  const { runId } = await client.runWorkflow({ workflowPath: "./gates.tsx", input: {} });
  await waitUntil(async () => (await client.getStatus({ runId })).status === "waiting-approval");
  const gates = async () => (await client.listApprovals()).filter((row) => row.runId === runId);
  expect(await gates()).toMatchObject([
    { nodeId: "gate-a", iteration: 0, workflowName: "gates", runStatus: "waiting-approval" },
    { nodeId: "gate-b", requestTitle: "gate-b", requestSummary: null },
  ]);
  await whenUnlocked(() => client.deny({ runId, nodeId: "gate-a" }));
  const [left, ...others] = await gates();
  expect(left).toMatchObject({ nodeId: "gate-b" });
  expect(left?.waitingMs).toBeGreaterThan(0);
  expect(others).toEqual([]);
});

test("since 0.32, open approvals are the server's own list, oldest first", async () => {
  const approvals = [
    { runId: "b", nodeId: "gate", iteration: 0, requestedAtMs: 20, extra: true },
    { runId: "a", nodeId: "gate", iteration: 0, requestedAtMs: 10 },
  ];
  const server = await rawServer((_, socket) => socket.end(answer(200, { approvals })));
  expect(await client.listApprovals({ baseUrl: server.baseUrl })).toEqual([approvals[1], approvals[0]]);
  expect(server.requests.map(({ path }) => path)).toEqual(["/v1/approvals"]);
});

test("a response without a list is an error, not an empty list", async () => {
  const { baseUrl } = await rawServer((_, socket) => socket.end(answer(200, { ok: true })));
  expect(await failure(client.listApprovals({ baseUrl }))).toBeInstanceOf(ProtocolError);
});
