import { describe, expect, test, type TestContext } from "vitest";
import { Interrupted } from "../../../src/cli/context.js";
import { RunFinder } from "../../../src/cli/follow/find-runs.js";
import type { Session } from "../../../src/cli/command.js";
import type { RunRow } from "../../../src/client/index.js";
import { protocolServer } from "../../faults/in-test.js";
import type { ProtocolServer } from "../../faults/protocol-server.js";
import type { ScriptStep } from "../../faults/served-run.js";
import { waitUntil } from "../../wait-until.js";
import { cli } from "../run-cli.js";
import { runMain } from "../run-main.js";

const gate: ScriptStep[] = [{ approvals: [{ nodeId: "gate" }] }];
const approve = ["--on-approval", "approve"];

/** Starts a run, which ends at once unless it has an approval. */
function start(server: ProtocolServer, runId: string, script: ScriptStep[] = [], workflowName = "flow") {
  const run = server.addRun(runId, { script, workflowName });
  run.resume();
  return run;
}

/** Follows in this process, so that the test can act meanwhile; `stop` is Ctrl-C. */
function startMain({ onTestFinished }: TestContext, server: ProtocolServer, ...args: string[]) {
  const controller = new AbortController();
  const stop = () => controller.abort(new Interrupted("SIGINT"));
  onTestFinished(stop);
  return { stop, ended: runMain(args, { baseUrl: server.baseUrl, signal: controller.signal }) };
}

/** Waits until the server has been asked for its runs this many more times. */
const looks = (server: ProtocolServer, more: number) => {
  const before = server.count("listRuns");
  return waitUntil(() => server.count("listRuns") >= before + more);
};
const streamsOf = (server: ProtocolServer, runId: string) =>
  server.calls.filter(({ call, path }) => call === "events" && path.includes(`/${runId}/`)).length;

describe.concurrent("watch --all", () => {
  test("follows runs that start in the meantime, including one that fails right away", async (context) => {
    const server = await protocolServer({}, context.onTestFinished);
    start(server, "first-run", gate);
    start(server, "old-failure").status = "failed";
    const watching = startMain(context, server, "watch", "--all");
    await waitUntil(() => server.openStreams === 1);
    start(server, "late-runner", gate);
    const failing = server.addRun("late-failure", { script: [], end: "failed" });
    failing.resume();
    await waitUntil(() => streamsOf(server, "late-runner") > 0 && streamsOf(server, "late-failure") > 0);
    for (const runId of ["first-run", "late-runner"]) {
      server.decide("approve", runId, "gate", 0, "somebody");
      server.resume(runId, "somebody");
    }
    const { stdout, exitCode } = await watching.ended;
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^first-ru +.* run +finished$/m);
    expect(stdout).toMatch(/^late-run +.* run +finished$/m);
    expect(stdout).toMatch(/^late-fai +.* run +failed/m);
    expect(stdout).not.toContain("old");
  });

  test("polls once more after the last run has ended", async (context) => {
    const server = await protocolServer(
      {
        // Another run starts as soon as the end of the first one is known.
        onCall: ({ call }) => {
          if (call === "getStatus" && server.runs.size === 1) start(server, "second");
        },
      },
      context.onTestFinished,
    );
    start(server, "first", gate);
    const { stdout, exitCode } = await cli(["watch", "--all", ...approve], { baseUrl: server.baseUrl });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^second +.* run +finished$/m);
  });

  test("follows runs as soon as they match --workflow and --status", async (context) => {
    const server = await protocolServer({}, context.onTestFinished);
    start(server, "theirs", gate, "test");
    start(server, "ours", gate, "deploy");
    const busy = server.addRun("busy", { workflowName: "deploy" });
    const flags = ["--workflow", "deploy", "--status", "waiting-approval"];
    const watching = startMain(context, server, "watch", "--all", ...flags);
    await waitUntil(() => server.openStreams === 1);
    await looks(server, 1);
    expect(streamsOf(server, "busy")).toBe(0);
    busy.publish({
      type: "NodeWaitingApproval",
      runId: "busy",
      nodeId: "gate",
      iteration: 0,
      timestampMs: 1,
    });
    busy.status = "waiting-approval";
    await waitUntil(() => server.openStreams === 2);
    expect(streamsOf(server, "theirs")).toBe(0);
    watching.stop();
    const { stderr, exitCode } = await watching.ended;
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(/2 runs continue$/m);
    expect(stderr).toMatch(
      /^next: +smithers-client watch --all '--status=waiting-approval' '--workflow=deploy'$/m,
    );
  });

  test("continues with --keep when no run is left or none has started", async (context) => {
    const server = await protocolServer({}, context.onTestFinished);
    const watching = startMain(context, server, "watch", "--all", "--keep", ...approve);
    await looks(server, 1);
    start(server, "one", gate);
    await waitUntil(() => server.runs.get("one")?.status === "finished");
    await looks(server, 2);
    start(server, "two", gate);
    await waitUntil(() => server.runs.get("two")?.status === "finished");
    await looks(server, 1);
    watching.stop();
    const { stdout, stderr, exitCode } = await watching.ended;
    expect(exitCode).toBe(130);
    expect(stdout).toMatch(/^one +.* run +finished$[^]*^two +.* run +finished$/m);
    expect(stderr).toMatch(/no run is in progress\nnext: +smithers-client watch --all --keep$/m);
  });

  test("continues to follow a run that someone resumes after its end, once", async (context) => {
    const server = await protocolServer({}, context.onTestFinished);
    const again = start(server, "again", gate);
    start(server, "other", gate);
    const watching = startMain(context, server, "watch", "--all");
    await waitUntil(() => server.openStreams === 2);
    server.decide("deny", "again", "gate", 0, "somebody");
    server.resume("again", "somebody");
    await waitUntil(() => again.status === "failed" && server.openStreams === 1);
    await looks(server, 1);
    const streams = streamsOf(server, "again");
    await looks(server, 1);
    expect(streamsOf(server, "again")).toBe(streams);
    server.decide("approve", "again", "gate", 0, "somebody");
    again.pace = () => waitUntil(() => streamsOf(server, "again") > streams).then(() => {});
    server.resume("again", "somebody");
    await waitUntil(() => again.status === "finished");
    server.decide("approve", "other", "gate", 0, "somebody");
    server.resume("other", "somebody");
    const { stdout, exitCode } = await watching.ended;
    expect(exitCode).toBe(0);
    expect(stdout.match(/^again +.* run +failed/gm)).toHaveLength(1);
    expect(stdout.match(/^again +.* run +finished/gm)).toHaveLength(1);
  });

  test("does not follow the continuation of a run separately, even if it is listed first", async (context) => {
    // A server's list is ahead of its streams.
    const server = await protocolServer({ pollMs: 5000 }, context.onTestFinished);
    const first = server.addRun("first");
    const watching = startMain(context, server, "watch", "--all", "--on-approval", "wait");
    await waitUntil(() => server.openStreams === 1);
    start(server, "second", gate).parentRunId = "first";
    start(server, "child", gate).parentRunId = "second";
    first.publish({ type: "RunContinuedAsNew", runId: "first", newRunId: "second", timestampMs: 1 });
    first.status = "continued";
    await waitUntil(() => streamsOf(server, "second") > 0 && streamsOf(server, "child") > 0);
    await looks(server, 2);
    watching.stop();
    const { stdout } = await watching.ended;
    expect(stdout).toMatch(/^first +.* gate +waiting for approval$/m);
    expect(stdout).toMatch(/^child +.* gate +waiting for approval$/m);
    expect(stdout).not.toMatch(/^second/m);
  });

  test("keeps following if the server does not answer the polls", async (context) => {
    const server = await protocolServer({}, context.onTestFinished);
    start(server, "only", gate);
    const watching = startMain(context, server, "watch", "--all");
    await waitUntil(() => server.openStreams === 1);
    const refused = Array.from({ length: 3 }, () => ({ kind: "answer" as const, status: 404 }));
    server.misbehave("listRuns", ...refused);
    await looks(server, 4);
    start(server, "late", gate);
    await waitUntil(() => server.openStreams === 2);
    for (const runId of ["only", "late"]) {
      server.decide("approve", runId, "gate", 0, "somebody");
      server.resume(runId, "somebody");
    }
    server.misbehave("listRuns", ...refused);
    const { stderr, exitCode } = await watching.ended;
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^no longer looking for new runs: /m);
  });

  test.each([
    ["--keep without --all", ["watch", "x", "--keep"], /--keep can only be used with --all/],
    ["--workflow without --all", ["watch", "x", "--workflow", "y"], /--workflow can only be used with --all/],
    ["runs that have ended", ["watch", "--all", "--status", "failed"], /status 'failed' has ended/],
    ["them of ls, too", ["ls", "--watch", "--status", "failed"], /ls '--status=failed'$/m],
    ["what is about a list", ["ls", "--watch", "--limit", "3"], /--limit cannot be used with --watch/],
  ])("refuses %s before it sends a request", async (_, args, says) => {
    const { stderr, exitCode } = await cli([...args, "--debug"], { baseUrl: "http://127.0.0.1:1" });
    expect(exitCode).toBe(4);
    expect(stderr).not.toContain("debug:");
    expect(stderr).toMatch(says);
  });
});

test("ls --watch follows runs like watch --all --keep", async (context) => {
  const server = await protocolServer({}, context.onTestFinished);
  start(server, "theirs", gate, "test");
  start(server, "ours", gate, "my deploy");
  const watching = startMain(
    context,
    server,
    "ls",
    "--watch",
    "--workflow",
    "my deploy",
    "--since",
    "876000h",
  );
  await waitUntil(() => server.openStreams === 1);
  server.decide("approve", "ours", "gate", 0, "somebody");
  server.resume("ours", "somebody");
  await waitUntil(() => server.openStreams === 0);
  await looks(server, 1);
  watching.stop();
  const { stdout, stderr } = await watching.ended;
  expect(stdout).toMatch(/^ours +.* run +finished$/m);
  expect(stderr).toMatch(/^next: +smithers-client ls --watch '--workflow=my deploy' '--since=876000h'$/m);
});

describe("a poll for new runs", () => {
  const row = (runId: string, status = "running"): RunRow =>
    ({ runId, status, workflowName: "flow", createdAtMs: 1, startedAtMs: 1 }) as RunRow;

  test("requests one page, and more if more runs have started than fit in it", async () => {
    let rows = [row("old")];
    const limits: number[] = [];
    const listRuns = async ({ limit }: { limit: number }) => {
      limits.push(limit);
      return rows.slice(0, limit);
    };
    const finder = new RunFinder({ client: { listRuns }, serverNow: () => 2 } as unknown as Session, {});
    expect(await finder.first()).toHaveLength(1);
    limits.length = 0;
    rows = [...Array.from({ length: 150 }, (_, index) => row(`new-${index}`, "failed")), ...rows];
    const isFollowed = (runId: string) => runId === "old";
    expect(await finder.next(isFollowed)).toHaveLength(150);
    expect(limits).toEqual([100, 1_000_000]);
    expect(await finder.next(isFollowed)).toHaveLength(0);
    expect(limits).toEqual([100, 1_000_000, 100]);
  });
});
