import { expect, test } from "vitest";
import { createClient } from "../../src/client/index.js";
import { answer, errorBody, RawServer } from "../faults/raw-server.js";
import { sharedServer } from "../shared-server.js";
import { waitUntil } from "../wait-until.js";
import { cli, freshId } from "./run-cli.js";
import { whenUnlocked } from "../when-unlocked.js";

const client = createClient({ baseUrl: sharedServer.baseUrl });
const env = { LC_ALL: "C.UTF-8" };

test("status shows the tree, why the run does not continue, and the command to type", async () => {
  const runId = freshId("status");
  await client.runWorkflow({ workflowPath: "gate.tsx", input: {}, runId });
  await waitUntil(
    async () => (await client.getStatus({ runId }).catch(() => undefined))?.status === "waiting-approval",
  );
  const waiting = await cli(["status", runId], { env });
  expect(waiting.stdout.split("\n").slice(7)).toEqual([
    "",
    "sequence",
    expect.stringMatching(/^├─ ✓ build {2}0\.\ds$/),
    expect.stringMatching(/^├─ ◆ gate {3}waiting \ds for approval: Ship it\?$/),
    "└─ · ship",
    "",
    expect.stringMatching(/^◆ gate has been waiting for approval for \ds$/),
    `  next:  smithers-client approve -- ${runId} gate`,
    "",
  ]);
  expect(waiting.stdout).toMatch(/^workflow {2}gate$/m);

  await whenUnlocked(() => client.deny({ runId, nodeId: "gate" }));
  const denied = await cli(["status", runId, "--plain"], { env });
  expect(denied.stdout.split("\n").slice(8)).toEqual([
    "sequence",
    expect.stringMatching(/^ {2}✓ build {2}finished in 0\.\ds$/),
    "  ✗ gate   denied",
    "  · ship   pending",
    "",
    "◆ gate has been denied, but the run must be resumed to continue",
    `  next:  smithers-client resume --watch -- ${runId}`,
    "",
  ]);
  await cli(["resume", runId, "--watch"]);
  const failed = await cli(["status", runId], { env });
  expect(failed.stdout).toMatch(/^error {5}.+$/m);
  expect(failed.stdout).toContain(
    "gate was denied, so a resume would fail again; a new run asks again\n  next:  smithers-client run ",
  );
});

test("status --json makes one request, and status works if the events cannot be read", async () => {
  const status = {
    runId: "r",
    workflowName: "w",
    status: "running",
    startedAtMs: 0,
    finishedAtMs: null,
    summary: {},
  };
  const server = await RawServer.start(({ path }, socket) =>
    socket.end(
      path === "/v1/runs/r" ? answer(200, status) : answer(403, errorBody("FORBIDDEN", "not for you")),
    ),
  );
  try {
    const json = await cli(["status", "r", "--json"], { baseUrl: server.baseUrl });
    expect(JSON.parse(json.stdout)).toEqual(status);
    // The other request checks whether the id is complete.
    expect(server.requests).toHaveLength(2);
    const text = await cli(["status", "r"], { baseUrl: server.baseUrl });
    expect(text.exitCode).toBe(0);
    expect(text.stdout).toMatch(/^status {4}running$/m);
    expect(text.stdout).toMatch(/^its events cannot be read: .*not for you/m);
  } finally {
    await server.close();
  }
});
