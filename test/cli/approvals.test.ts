import { expect, test } from "vitest";
import { rawServer } from "../faults/in-test.js";
import { answer } from "../faults/raw-server.js";
import { waitUntil } from "../wait-until.js";
import { cli, freshId } from "./run-cli.js";

test("approvals lists the open approvals of a real server", async () => {
  const runId = freshId("odd");
  await cli(["run", "odd-ids.tsx", "--run-id", runId]);
  await waitUntil(async () => (await cli(["status", runId, "--json"])).stdout.includes("waiting-approval"));
  const text = await cli(["approvals"]);
  expect(text).toMatchObject({ exitCode: 0, stderr: "" });
  expect(text.stdout).toMatch(/^RUN ID +NODE +WORKFLOW +WAITING +ASKS\n/);
  expect(text.stdout).toMatch(new RegExp(`^${runId} +gate:prod@v1 +odd ids +\\d`, "m"));
  const json = JSON.parse((await cli(["approvals", "--json"])).stdout) as { runId: string }[];
  expect(json.filter((row) => row.runId === runId)).toMatchObject([{ nodeId: "gate:prod@v1", iteration: 0 }]);
  const quiet = await cli(["approvals", "-q"]);
  expect(quiet.stdout.split("\n")).toContain(`${runId} gate:prod@v1`);
  await cli(["approve", runId]);
  expect((await cli(["approvals", "-q"])).stdout).not.toContain(runId);
});

test("approvals shows what is requested and escapes control characters", async () => {
  const row = {
    runId: "r",
    nodeId: "gate",
    iteration: 2,
    workflowName: "deploy\u001b[2J",
    requestTitle: "Ship it?\nyes",
    requestSummary: "to prod",
    requestedAtMs: Date.now() - 65_000,
    waitingMs: 65_000,
  };
  const server = await rawServer((_, socket) => socket.end(answer(200, { approvals: [row] })));
  const { stdout } = await cli(["approvals"], { baseUrl: server.baseUrl });
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^r +gate \(iteration 2\) +deploy\S+ +1m \d\ds +Ship it\?\S+yes – to prod$/);
  expect(stdout).not.toContain("\u001b");
});

test("approvals prints an empty list if nothing is waiting", async () => {
  const server = await rawServer((_, socket) => socket.end(answer(200, { approvals: [] })));
  expect(await cli(["approvals"], { baseUrl: server.baseUrl })).toMatchObject({ stdout: "", exitCode: 0 });
  expect((await cli(["approvals", "--json"], { baseUrl: server.baseUrl })).stdout).toBe("[]\n");
});
