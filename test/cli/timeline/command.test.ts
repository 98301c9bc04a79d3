import { expect, test } from "vitest";
import { createClient } from "../../../src/client/index.js";
import { protocolServer } from "../../faults/in-test.js";
import { sharedServer } from "../../shared-server.js";
import { waitUntil } from "../../wait-until.js";
import { freshId } from "../run-cli.js";
import { runMain } from "../run-main.js";
import { whenUnlocked } from "../../when-unlocked.js";

const baseUrl = sharedServer.baseUrl;
const client = createClient({ baseUrl });
const env = { LC_ALL: "C.UTF-8" };

test("timeline shows a run while it continues, and after its end", async () => {
  const runId = freshId("timeline");
  await client.runWorkflow({ workflowPath: "gate.tsx", input: {}, runId });
  await waitUntil(
    async () => (await client.getStatus({ runId }).catch(() => undefined))?.status === "waiting-approval",
  );
  const waiting = await runMain(["timeline", runId], { baseUrl, env });
  expect(waiting).toMatchObject({ exitCode: 0, stderr: "" });
  expect(waiting.stdout).toMatch(/^gate {2}waiting-approval {2}[\d.]+s\nrun timeline-\w+\n\n +│0s/);
  // The approval was announced before the build ran; the run waits for it only after the build.
  expect(waiting.stdout).toMatch(/^\* build {2}·*█+ +[\d.]+s\n\* gate {3} +·*◆* +[\d.]+s\n/m);
  expect(waiting.stdout).toMatch(/\* longest chain: [\d.]+s of [\d.]+s$/m);

  await whenUnlocked(() => client.approve({ runId, nodeId: "gate" }));
  await runMain(["resume", runId, "-w"], { baseUrl });
  const { stdout } = await runMain(["timeline", runId, "--json"], { baseUrl });
  const document = JSON.parse(stdout) as { nodes: { nodeId: string; spans: { phase: string }[] }[] };
  expect(document).toMatchObject({ runId, workflowName: "gate", status: "finished", goesOn: false });
  expect(
    document.nodes.map(({ nodeId, spans }) => `${nodeId}: ${spans.map(({ phase }) => phase).join(", ")}`),
  ).toEqual([
    expect.stringMatching(/^build: (queued, )?executing$/),
    expect.stringMatching(/^gate: (queued, )?approval, queued, executing$/),
    expect.stringMatching(/^ship: (queued, )?executing$/),
  ]);
});

test("--json prints milliseconds since the run's start, and marks the longest chain", async () => {
  const server = await protocolServer();
  server.addRun("r", { status: "failed", finishedAtMs: 1400 });
  const events = [
    { type: "RunStarted", timestampMs: 1000 },
    { type: "NodeStarted", nodeId: "a", timestampMs: 1000 },
    { type: "NodeStarted", nodeId: "b", timestampMs: 1000 },
    { type: "NodeFinished", nodeId: "b", timestampMs: 1100 },
    { type: "NodeFailed", nodeId: "a", timestampMs: 1200, error: "x" },
    { type: "NodeRetrying", nodeId: "a", timestampMs: 1200, attempt: 2 },
    { type: "NodeStarted", nodeId: "a", timestampMs: 1300, attempt: 2 },
    { type: "NodeFailed", nodeId: "a", timestampMs: 1400, attempt: 2, error: "x" },
    { type: "RunFailed", timestampMs: 1400, error: "Task failed" },
  ];
  for (const event of events) server.publish("r", { runId: "r", iteration: 0, attempt: 1, ...event });
  const { stdout, exitCode } = await runMain(["timeline", "r", "--json"], server);
  expect(exitCode).toBe(0);
  const span = (phase: string, startMs: number, durationMs: number, critical = true) => ({
    phase,
    startMs,
    durationMs,
    critical,
  });
  const node = (nodeId: string, attempt: number, state: string, ...spans: ReturnType<typeof span>[]) => ({
    nodeId,
    iteration: 0,
    attempt,
    state,
    startMs: spans[0]?.startMs,
    durationMs: spans.reduce((sum, { durationMs }) => sum + durationMs, 0),
    critical: spans.some(({ critical }) => critical),
    spans,
  });
  expect(JSON.parse(stdout)).toEqual({
    runId: "r",
    workflowName: expect.any(String) as string,
    status: "failed",
    startedAtMs: 1000,
    durationMs: 400,
    goesOn: false,
    criticalMs: 400,
    nodes: [
      node("a", 1, "failed", span("executing", 0, 200)),
      node("b", 1, "finished", span("executing", 0, 100, false)),
      node("a", 2, "failed", span("queued", 200, 100), span("executing", 300, 100)),
    ],
  });
});

test("timeline says that a run has not started, and fails for one that does not exist", async () => {
  const server = await protocolServer();
  server.addRun("r", { status: "finished", finishedAtMs: 1 });
  const { stdout, exitCode } = await runMain(["timeline", "r"], server);
  expect({ stdout, exitCode }).toEqual({
    stdout: expect.stringMatching(/\n\nnothing has started yet\n$/) as string,
    exitCode: 0,
  });
  expect((await runMain(["timeline", "none"], server)).exitCode).toBe(4);
});

test("timeline ends where a run continues as another one", async () => {
  const server = await protocolServer();
  server.addRun("old", { status: "continued", finishedAtMs: 3 });
  server.addRun("new", { status: "finished", finishedAtMs: 9 });
  const node = { nodeId: "a", iteration: 0, attempt: 1 };
  server.publish("old", { type: "RunStarted", runId: "old", timestampMs: 1 });
  server.publish("old", { type: "NodeStarted", runId: "old", timestampMs: 1, ...node });
  server.publish("old", { type: "NodeFinished", runId: "old", timestampMs: 2, ...node });
  server.publish("old", { type: "RunContinuedAsNew", runId: "old", newRunId: "new", timestampMs: 3 });
  server.publish("new", { type: "RunStarted", runId: "new", timestampMs: 4 });
  const { stdout } = await runMain(["timeline", "old", "--json"], server);
  expect(JSON.parse(stdout)).toMatchObject({ runId: "old", nodes: [{ nodeId: "a", durationMs: 1 }] });
});
