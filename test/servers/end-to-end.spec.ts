import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  createClient,
  emptyRunView,
  isTerminalStatus,
  reduceEvents,
  type Frame,
  type Run,
  type RunRow,
  type SmithersEvent,
} from "../../src/client/index.js";
import { freshId, runBinary as cli, startCli, type CliResult } from "../cli/run-cli.js";
import { startRealServer, type RealServer, type RealServerOptions } from "../real-server.js";
import { sharedServer } from "../shared-server.js";
import { waitUntil } from "../wait-until.js";
import { expectPrintedOutput } from "./printed-output.js";
import { isNewer, source } from "./server-source.js";

const client = createClient({ baseUrl: sharedServer.baseUrl });

const servers: RealServer[] = [];
async function ownServer(options: RealServerOptions = {}): Promise<RealServer> {
  const server = await startRealServer({ source, ...options });
  servers.push(server);
  return server;
}
afterAll(async () => {
  for (const server of servers) await server.stop();
});

async function start(workflowPath: string, input: object = {}): Promise<string> {
  return (await client.runWorkflow({ workflowPath, input })).runId;
}

const reaches = (runId: string, ...statuses: string[]) =>
  waitUntil(async () => statuses.includes((await client.getStatus({ runId })).status));
const isGate = (runId: string) => reaches(runId, "waiting-approval");

async function collect(events: AsyncGenerator<SmithersEvent, Run | void>) {
  const seen: SmithersEvent[] = [];
  for (;;) {
    const { done, value } = await events.next();
    if (done) return { seen, types: seen.map(({ type }) => type), end: value };
    seen.push(value);
  }
}

const json = ({ stdout }: CliResult): unknown => JSON.parse(stdout);
const linesOf = ({ stdout }: { stdout: string }) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as SmithersEvent);

describe("`runWorkflow`, `run`", () => {
  test("starts a run once per id", async () => {
    const runId = freshId("run");
    expect(await client.runWorkflow({ workflowPath: "./quick.tsx", input: {}, runId })).toEqual({ runId });
    await reaches(runId, "finished");
    const again = client.runWorkflow({ workflowPath: "./quick.tsx", input: {}, runId });
    await expect(again).rejects.toMatchObject({ status: 409, code: "RUN_ALREADY_EXISTS" });
    const attached = await cli(["run", "./quick.tsx", "--run-id", runId, "--if-exists", "attach", "-w"]);
    expect(attached.exitCode).toBe(0);
  });

  test("follows a run to its end", async () => {
    const done = await cli(["run", "./quick.tsx", "--watch", "--json"]);
    expect(done).toMatchObject({ exitCode: 0, stderr: "" });
    expect(linesOf(done).at(0)?.type).toBe("RunStarted");
    expect(linesOf(done).at(-1)?.type).toBe("RunFinished");
  });

  test("says why a workflow cannot be started", async () => {
    const outside = client.runWorkflow({ workflowPath: "../outside.tsx", input: {} });
    await expect(outside).rejects.toMatchObject({ status: 400, code: "WORKFLOW_PATH_OUTSIDE_ROOT" });
    expect((await cli(["run", "./no-such.tsx"])).exitCode).toBe(4);
  });
});

describe("`streamEvents`, `watchRun`, `watch`", () => {
  test("yield the same events, also from a position on", async () => {
    const runId = await start("./slow.tsx", { steps: 3, ms: 200 });
    const [{ seen, types }, watched] = await Promise.all([
      collect(client.streamEvents({ runId })),
      collect(client.watchRun({ runId })),
    ]);
    expect(types[0]).toBe("RunStarted");
    expect(types.at(-1)).toBe("RunFinished");
    expect(watched).toMatchObject({ seen, end: { status: "finished" } });
    const part = await cli(["watch", runId, "--json", "--after-seq", "2"]);
    expect(part.exitCode).toBe(0);
    expect(linesOf(part)).toEqual(seen.slice(3));
    expect((await cli(["watch", runId])).stdout).toContain("step-3          finished (attempt 1)");
  });

  test("end with an error if the run does not exist", async () => {
    await expect(collect(client.streamEvents({ runId: "nobody" }))).rejects.toMatchObject({ status: 404 });
    expect((await cli(["watch", "nobody"])).exitCode).toBe(4);
  });
});

describe("`getStatus`, `getFrames`, `listRuns`, `loadRunView`, and their commands", () => {
  test("return the data of a run", async () => {
    const runId = await start("./quick.tsx");
    await reaches(runId, "finished");
    const status = await client.getStatus({ runId });
    expect(status).toMatchObject({ runId, workflowName: "quick", summary: { finished: 2 } });
    expect(json(await cli(["status", runId, "--json"]))).toMatchObject({ runId, status: "finished" });

    const [frame] = await client.getFrames<Frame>({ runId, tail: 1 });
    expect(JSON.parse(frame!.xmlJson)).toMatchObject({ tag: "smithers:workflow", props: { name: "quick" } });
    expect((await cli(["frames", runId, "--tail", "1"])).stdout).toContain("task second");

    const row = (await client.listRuns<RunRow>({ status: "finished" })).find((each) => each.runId === runId);
    expect(row?.workflowPath).toMatch(/quick\.tsx$/);
    expect((await cli(["ls", "--quiet"])).stdout.split("\n")).toContain(runId);

    const { view } = await client.loadRunView({ runId });
    expect([...view.nodes.values()].map(({ nodeId, state }) => [nodeId, state])).toEqual([
      ["first", "finished"],
      ["second", "finished"],
    ]);
  });
});

describe("`approve` across a pause", () => {
  test("works for the program that drives the run", async () => {
    const runId = await start("./gate.tsx");
    const { types, end } = await collect(client.driveRun({ runId, onApproval: () => "approve" }));
    expect(end).toMatchObject({ status: "finished" });
    expect(types.filter((type) => type === "ApprovalGranted")).toHaveLength(1);
  });

  test("works for someone else while the binary follows", async () => {
    const runId = freshId("elsewhere");
    const following = startCli(["run", "./gate.tsx", "--run-id", runId, "--watch"]);
    await waitUntil(async () => (await cli(["status", runId, "--json"])).stdout.includes("waiting-approval"));
    expect(await cli(["approve", runId, "--note", "looks good"])).toMatchObject({
      exitCode: 0,
      stdout: `approved gate of run ${runId}\n`,
    });
    expect(await following).toMatchObject({ exitCode: 0 });
  });

  test("works with the binary alone", async () => {
    const runId = await start("./gate.tsx");
    await isGate(runId);
    expect((await cli(["watch", runId, "--on-approval", "exit"])).exitCode).toBe(3);
    expect((await cli(["approve", runId, "gate", "--watch"])).exitCode).toBe(0);
  });
});

describe("`deny`", () => {
  test("fails the run", async () => {
    const runId = await start("./gate.tsx");
    await isGate(runId);
    await client.deny({ runId, nodeId: "gate", note: "not today" });
    const { end } = await collect(client.driveRun({ runId }));
    expect(end).toMatchObject({ status: "failed" });
    const other = await start("./gate.tsx");
    await isGate(other);
    expect((await cli(["deny", other, "--watch"])).exitCode).toBe(1);
  });
});

describe("`cancel` of an executing run", () => {
  test("ends the run", async () => {
    const runId = await start("./slow.tsx", { steps: 20, ms: 300 });
    await waitUntil(async () => (await client.getStatus({ runId })).summary["finished"]);
    expect((await client.cancel({ runId })).runId).toBe(runId);
    expect((await cli(["watch", runId])).exitCode).toBe(2);
    const again = await cli(["cancel", runId]);
    expect(again.exitCode).toBe(0);
    expect(again.stdout + again.stderr).toContain("cancelled");
  });
});

describe(isNewer ? "`cancel` of a run that waits" : "why a run that waits cannot be cancelled", () => {
  test(isNewer ? "ends it" : "is said", async () => {
    const runId = await start("./gate.tsx");
    await isGate(runId);
    const cancelled = await cli(["cancel", runId, "--watch"]);
    if (isNewer) return expect(cancelled.exitCode).toBe(0);
    expect(cancelled.exitCode).toBe(4);
    expect(cancelled.stderr).toContain("it is paused (waiting-approval)");
  });
});

describe("`resume` of a failed run", () => {
  test.each(["library", "binary"])("works with the %s", async (by) => {
    const until = join(sharedServer.root, freshId("fixed"));
    const runId = await start("./flaky.tsx", { until });
    const failed = await cli(["watch", runId]);
    expect(failed).toMatchObject({ exitCode: 1 });
    expect(failed.stdout).toContain("disk full");
    expect(failed.stdout).not.toContain("\u001b]0;");
    await writeFile(until, "");
    if (by === "binary") return expect((await cli(["resume", runId, "--watch"])).exitCode).toBe(0);
    await client.resume({ runId, workflowPath: "./flaky.tsx" });
    expect(await collect(client.watchRun({ runId }))).toMatchObject({ end: { status: "finished" } });
  });
});

describe("a server restart during a run", () => {
  test("loses and repeats no events", async () => {
    const server = await ownServer();
    const own = createClient({ baseUrl: server.baseUrl });
    const { runId } = await own.runWorkflow({ workflowPath: "./slow.tsx", input: { steps: 6, ms: 300 } });
    const events = collect(own.watchRun({ runId }));
    const following = startCli(["watch", runId, "--json"], { baseUrl: server.baseUrl });
    await waitUntil(async () => ((await own.getStatus({ runId })).summary["finished"] ?? 0) >= 2);
    await server.restart();
    // 0.32 considers a run alive until its engine has been silent for half a minute.
    await waitUntil(async () => {
      const { status } = await own.resume({ runId, workflowPath: "./slow.tsx" });
      return status !== "running";
    }, 60_000);
    const { seen, end } = await events;
    expect(end).toMatchObject({ status: "finished" });
    const { stdout, exitCode } = await following;
    expect(exitCode).toBe(0);
    expect(linesOf({ stdout })).toEqual(seen);
    expect(seen.filter(({ type }) => type === "RunStarted")).toHaveLength(2);
    const view = reduceEvents(emptyRunView(runId), seen);
    expect([...view.nodes.values()].every(({ state }) => state === "finished")).toBe(true);
  });
});

describe("a wrong key", () => {
  test("is distinguished from other refusals and never shown", async () => {
    const { baseUrl } = await ownServer({ apiKey: "the-right-one" });
    const wrong = createClient({ baseUrl, apiKey: "the-wrong-one" });
    const refusals = [
      wrong.runWorkflow({ workflowPath: "./quick.tsx", input: {} }),
      wrong.getStatus({ runId: "x" }),
      wrong.listRuns(),
      wrong.listApprovals(),
      collect(wrong.streamEvents({ runId: "x" })),
    ];
    for (const refusal of await Promise.allSettled(refusals)) {
      expect(refusal).toMatchObject({ status: "rejected", reason: { status: 401, code: "UNAUTHORIZED" } });
    }
    const words = ["run", "./quick.tsx", "--watch"];
    const refused = await cli(words, { baseUrl, env: { SMITHERS_API_KEY: "the-wrong-one" } });
    expect(refused.exitCode).toBe(6);
    expect(refused.stderr).not.toContain("the-wrong-one");
    const taken = await cli(words, { baseUrl, env: { SMITHERS_API_KEY: "the-right-one" } });
    expect(taken.exitCode).toBe(0);
  });
});

describe("a server without a database", () => {
  test("runs workflows and decides approvals, but lists nothing", async () => {
    const { baseUrl } = await ownServer({ db: false });
    expect((await cli(["run", "./quick.tsx", "--watch"], { baseUrl })).exitCode).toBe(0);
    const gated = await cli(["run", "./gate.tsx", "--watch", "--on-approval", "approve"], { baseUrl });
    expect(gated.exitCode).toBe(0);
    for (const command of ["ls", "approvals"]) {
      const refused = await cli([command], { baseUrl });
      expect(refused.exitCode).toBe(4);
      expect(refused.stderr).toContain("DB_NOT_CONFIGURED");
    }
  });
});

describe("hostile ids", () => {
  test("of nodes reach the right node", async () => {
    const runId = await start("./odd-ids.tsx");
    await isGate(runId);
    expect((await cli(["approve", runId, "gate:prod@v1", "--watch"])).exitCode).toBe(0);
  });

  test("of runs reach the right run, or are refused before any request", async () => {
    const runId = `${freshId("nightly")}:1@v2,(x)=~!`;
    await client.runWorkflow({ workflowPath: "./quick.tsx", input: {}, runId });
    expect((await cli(["watch", runId])).exitCode).toBe(0);
    for (const wrong of ["..", ".", "", "\ud800"]) {
      await expect(client.getStatus({ runId: wrong })).rejects.toBeInstanceOf(ArgumentError);
    }
    expect((await cli(["status", "../approvals"])).exitCode).toBe(4);
  });

  test("of nodes that do not exist are refused", async () => {
    const runId = await start("./gate.tsx");
    await isGate(runId);
    const refused = await cli(["approve", runId, "gate/../gate"]);
    expect(refused.exitCode).toBe(4);
    expect((await client.getStatus({ runId })).status).toBe("waiting-approval");
  });
});

describe("`listApprovals`, `approvals`", () => {
  test("list only open approvals", async () => {
    const { baseUrl } = await ownServer();
    const own = createClient({ baseUrl });
    expect(await own.listApprovals()).toEqual([]);
    const runIds = ["first", "second"].map(freshId);
    for (const runId of runIds) {
      await own.runWorkflow({ workflowPath: "./gate.tsx", input: {}, runId });
      await waitUntil(async () => (await own.getStatus({ runId })).status === "waiting-approval");
    }
    const rows = await own.listApprovals();
    expect(rows.map(({ runId, nodeId }) => ({ runId, nodeId }))).toEqual(
      runIds.map((runId) => ({ runId, nodeId: "gate" })),
    );
    expect(rows[0]).toMatchObject({ iteration: 0, workflowName: "gate", runStatus: "waiting-approval" });
    expect(rows[0]?.waitingMs).toBeGreaterThan(0);

    const quiet = await cli(["approvals", "-q"], { baseUrl });
    expect(quiet.stdout).toBe(runIds.map((runId) => `${runId} gate\n`).join(""));
    await own.approve({ runId: runIds[0]!, nodeId: "gate" });
    expect(json(await cli(["approvals", "--json"], { baseUrl }))).toMatchObject([{ runId: runIds[1] }]);
  });
});

if (!isNewer) {
  describe("features that came with a newer version", () => {
    test("are named in the error", async () => {
      const runId = await start("./gate.tsx");
      const refused = client.sendSignal({ runId, name: "payment" });
      await expect(refused).rejects.toMatchObject({ status: 404, code: "NEWER_ROUTE" });
      const told = await cli(["signal", runId, "payment"]);
      expect(told.exitCode).toBe(4);
      expect(told.stderr).toContain("which came with 0.32");
      const { stdout, stderr, exitCode } = await cli(["logs", runId]);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 0 });
      expect(stderr).toContain("older than 0.32, the first version that keeps what nodes print");
    });
  });
}

if (isNewer) {
  describe("`sendSignal`, `signal`", () => {
    test("continues the run that waits for it", async () => {
      const runId = await start("./signal.tsx");
      await reaches(runId, "waiting-event");
      const words = ["signal", runId, "payment", "--data", "-", "--watch", "--json"];
      const sent = await cli(words, { input: '{"amount":5}' });
      expect(sent.exitCode).toBe(0);
      // A node that waited for a signal has no event of its own.
      const view = reduceEvents(emptyRunView(runId), linesOf(sent));
      expect(view.nodes.get("payment::0")?.state).toBe("finished");
      const late = await cli(["signal", runId, "payment"]);
      expect(late.exitCode).toBe(4);
      expect(late.stderr).toContain("has ended (finished)");
    });

    test("continues a run even if it came before the wait, or its sender does not resume", async () => {
      const early = await start("./signal.tsx", { firstMs: 1500 });
      const waiting = await start("./signal.tsx");
      await reaches(waiting, "waiting-event");
      const reasons: string[] = [];
      const driven = [early, waiting].map((runId) =>
        collect(client.driveRun({ runId, onResumed: (_, reason) => reasons.push(reason) })),
      );
      for (const runId of [early, waiting]) {
        const receipt = await client.sendSignal({ runId, name: "payment", data: { amount: 5 } });
        expect(receipt).toMatchObject({ runId, signalName: "payment", correlationId: null });
      }
      for (const { end } of await Promise.all(driven)) expect(end).toMatchObject({ status: "finished" });
      expect(reasons).toEqual(["event", "event"]);
    });

    test("with data that the schema refuses fails the run and its node", async () => {
      const runId = await start("./signal.tsx");
      await reaches(runId, "waiting-event");
      expect((await cli(["signal", runId, "payment", "--data", '"much"', "--watch"])).exitCode).toBe(1);
      const { view } = await client.loadRunView({ runId });
      expect(view.nodes.get("payment::0")?.state).toBe("failed");
    });

    test("is refused if the run does not exist", async () => {
      const refused = client.sendSignal({ runId: "nobody", name: "payment" });
      await expect(refused).rejects.toMatchObject({ status: 404, code: "NOT_FOUND" });
    });
  });

  describe("`readHistory`, `logs`", () => {
    test("print the output of nodes", async () => {
      const runId = await start("./prints.tsx");
      const stdout = await expectPrintedOutput(runId, client);
      expect(stdout.split("\n").at(-2)).toBe("deploy    | step 25");
    });
  });

  describe("timers and quotas that are due", () => {
    test("continue a run with a timer alongside an approval", async () => {
      const runId = await start("./timer.tsx");
      const reasons = new Set<string>();
      const { end, seen } = await collect(
        client.driveRun({
          runId,
          onApproval: () => "approve",
          onResumed: (_, reason) => reasons.add(reason),
        }),
      );
      expect(end).toMatchObject({ status: "finished" });
      expect(reasons).toEqual(new Set(["decision", "timer"]));
      const timer = reduceEvents(
        emptyRunView(runId),
        seen.slice(0, seen.findIndex(({ type }) => type === "NodeWaitingTimer") + 1),
      ).nodes.get("pause::0");
      expect(timer?.state).toBe("waiting-timer");
      expect(timer?.firesAtMs).toBeGreaterThan(0);
    });

    test("continue a run whose quota is full again", async () => {
      const done = await cli(["run", "./quota.tsx", "--watch"]);
      expect(done).toMatchObject({ exitCode: 0 });
      expect(done.stderr).toContain("resumed the run, whose quota should be full again");
    });
  });

  describe("a run that continues as a new one", () => {
    test("is followed into the new one", async () => {
      const runId = await start("./continue.tsx");
      const continued: string[] = [];
      const { seen, end } = await collect(
        client.watchRun({ runId, onContinued: ({ newRunId }) => continued.push(newRunId) }),
      );
      expect(continued).toHaveLength(2);
      expect(end).toMatchObject({ runId: continued[1], status: "finished" });
      expect([...new Set(seen.map((event) => event.runId))]).toEqual([runId, ...continued]);
      expect(await client.loadRunView({ runId })).toMatchObject({
        view: { runId, status: "continued", continuedAs: continued[0] },
        status: { runId, status: "continued" },
      });
      expect(isTerminalStatus("continued")).toBe(true);
      const watched = await cli(["watch", runId]);
      expect(watched.exitCode).toBe(0);
      expect(watched.stderr).toContain(`run ${runId} continues as run ${continued[0]}; following that`);
    });
  });
}
