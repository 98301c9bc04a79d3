import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  createClient,
  emptyRunView,
  reduceEvents,
  type Frame,
  type Run,
  type RunRow,
  type SmithersEvent,
} from "../../src/client/index.js";
import { freshId, runBinary as cli, startCli, type CliResult } from "../cli/run-cli.js";
import { sharedServer } from "../shared-server.js";
import { waitUntil } from "../wait-until.js";
import { startGateway, type Gateway, type GatewayOptions } from "./gateway-program.js";

const baseUrl = sharedServer.baseUrl;
const client = createClient({ baseUrl });

const gateways: Gateway[] = [];
async function ownGateway(options: GatewayOptions = {}) {
  const gateway = await startGateway(options);
  gateways.push(gateway);
  return { gateway, own: createClient({ baseUrl: gateway.baseUrl, apiKey: options.apiKey }) };
}
afterAll(async () => {
  for (const gateway of gateways) await gateway.stop();
});

async function start(workflowPath: string, input: object = {}): Promise<string> {
  return (await client.runWorkflow({ workflowPath, input })).runId;
}

const reaches = (runId: string, ...statuses: string[]) =>
  waitUntil(async () => statuses.includes((await client.getStatus({ runId })).status), 60_000);
const isGate = (runId: string) => reaches(runId, "waiting-approval");

async function collect(events: AsyncGenerator<SmithersEvent, Run | void>) {
  const seen: SmithersEvent[] = [];
  for (;;) {
    const { done, value } = await events.next();
    if (done) return { seen, types: seen.map(({ type }) => type), end: value };
    seen.push(value);
  }
}

/** The complete log of a run, from the gateway itself. */
async function logOf(runId: string, at = baseUrl): Promise<SmithersEvent[]> {
  const answer = await fetch(`${at}/v1/api/runs/${encodeURIComponent(runId)}/events?limit=100000`);
  const { data } = (await answer.json()) as { data: { payload: SmithersEvent }[] };
  return data.map(({ payload }) => payload);
}

const linesOf = ({ stdout }: { stdout: string }) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as SmithersEvent);
const json = ({ stdout }: CliResult): unknown => JSON.parse(stdout);

describe("`runWorkflow`, `run`", () => {
  test("starts a run by the workflow's key or file name, once per id", async () => {
    const runId = freshId("run");
    expect(await client.runWorkflow({ workflowPath: "./quick.tsx", input: {}, runId })).toMatchObject({
      runId,
    });
    await reaches(runId, "finished");
    const before = await logOf(runId);
    const again = client.runWorkflow({ workflowPath: "quick", input: {}, runId });
    await expect(again).rejects.toMatchObject({ status: 409, code: "RUN_ALREADY_EXISTS" });
    expect(await logOf(runId)).toEqual(before);
  });

  test("follows a run to its end", async () => {
    const done = await cli(["run", "quick", "--watch", "--json"]);
    expect(done).toMatchObject({ exitCode: 0, stderr: "" });
    expect(linesOf(done).at(0)?.type).toBe("RunStarted");
    expect(linesOf(done).at(-1)?.type).toBe("RunFinished");
  });

  test("says why a workflow cannot be started", async () => {
    await expect(client.runWorkflow({ workflowPath: "./no-such.tsx", input: {} })).rejects.toMatchObject({
      status: 404,
      details: { workflows: expect.arrayContaining(["gate", "quick"]) as unknown },
    });
    expect((await cli(["run", "no-such"])).exitCode).toBe(4);
  });

  test("reports that input was refused, which the gateway does not", async () => {
    const run = await client.runWorkflow({ workflowPath: "typed", input: { count: "many" } });
    await expect(collect(client.streamEvents(run))).rejects.toThrow("never recorded it");
    const { end } = await collect(
      client.watchRun(await client.runWorkflow({ workflowPath: "typed", input: { count: 3 } })),
    );
    expect(end).toMatchObject({ status: "finished" });
  });
});

describe("a program for `smithers-orchestrator/pi-plugin` with the workflow's key instead of its path", () => {
  test("runs to its end", async () => {
    const said: string[] = [];
    const run = await client.runWorkflow({ workflowPath: "gate", input: { environment: "staging" } });
    for await (const event of client.streamEvents({ runId: run.runId })) {
      switch (event.type) {
        case "NodeFinished":
          said.push(`Task ${event.nodeId} completed`);
          break;
        case "NodeWaitingApproval":
          await client.approve({ runId: run.runId, nodeId: event.nodeId, note: "Auto-approved for staging" });
          break;
        case "RunFinished":
          said.push("Deployment complete.");
          break;
        case "RunFailed":
          said.push(`Deployment failed: ${JSON.stringify(event.error)}`);
          break;
      }
    }
    said.push(`Final status: ${(await client.getStatus({ runId: run.runId })).status}`);
    expect(said).toEqual([
      "Task build completed",
      "Task gate completed",
      "Task ship completed",
      "Deployment complete.",
      "Final status: finished",
    ]);
  });
});

describe("`streamEvents`, `watchRun`, `watch`", () => {
  test("yield the same events, also from a position on", async () => {
    const runId = await start("slow", { steps: 3, ms: 200 });
    const [{ seen, types }, watched] = await Promise.all([
      collect(client.streamEvents({ runId })),
      collect(client.watchRun({ runId })),
    ]);
    expect(types[0]).toBe("RunStarted");
    expect(types.at(-1)).toBe("RunFinished");
    expect(watched).toMatchObject({ seen, end: { status: "finished" } });
    expect(seen).toEqual(await logOf(runId));
    const part = await cli(["watch", runId, "--json", "--after-seq", "2"]);
    expect(part.exitCode).toBe(0);
    expect(linesOf(part)).toEqual(seen.slice(3));
  });

  test("yield each of 750 events of parallel tasks once", async () => {
    const runId = await start("load");
    const [one, other] = await Promise.all([
      collect(client.watchRun({ runId })),
      cli(["watch", runId, "--json"]),
    ]);
    const log = await logOf(runId);
    expect(log.length).toBeGreaterThan(700);
    expect(one.seen).toEqual(log);
    expect(linesOf(other)).toEqual(log);
    const view = reduceEvents(emptyRunView(runId), one.seen);
    expect([...view.nodes.values()].filter(({ state }) => state === "finished")).toHaveLength(150);
  });

  test("end with an error if the run does not exist", async () => {
    await expect(collect(client.streamEvents({ runId: "nobody" }))).rejects.toMatchObject({ status: 404 });
    expect((await cli(["watch", "nobody"])).exitCode).toBe(4);
  });
});

describe("`getStatus`, `getFrames`, `listRuns`, `loadRunView`, and their commands", () => {
  test("return the data of a run", async () => {
    const runId = await start("quick");
    await reaches(runId, "finished");
    expect(await client.getStatus({ runId })).toMatchObject({
      runId,
      workflowName: "quick",
      summary: { finished: 2 },
    });
    expect(json(await cli(["status", runId, "--json"]))).toMatchObject({ runId, status: "finished" });

    const [frame] = await client.getFrames<Frame>({ runId, tail: 1 });
    expect(JSON.parse(frame!.xmlJson)).toMatchObject({ tag: "smithers:workflow", props: { name: "quick" } });
    expect((await cli(["frames", runId, "--tail", "1"])).stdout).toContain("task second");

    const row = (await client.listRuns<RunRow>({ status: "finished" })).find((each) => each.runId === runId);
    expect(row?.workflowPath).toMatch(/quick\.tsx$/);

    const { view, asOf } = await client.loadRunView({ runId });
    expect(asOf).toBeNull();
    expect([...view.nodes.values()].map(({ nodeId, state }) => [nodeId, state])).toEqual([
      ["first", "finished"],
      ["second", "finished"],
    ]);
  });

  test("are proven current for a waiting run", async () => {
    const runId = await start("gates");
    await isGate(runId);
    const { view, asOf } = await client.loadRunView({ runId });
    expect(asOf).toBeNull();
    // One after the other, although they are parallel.
    expect(view.openApprovals.map(({ nodeId }) => nodeId)).toEqual(["east"]);
    await client.cancel({ runId });
  });
});

describe("`approve` across a pause", () => {
  test("works for the program that drives the run, without a resume", async () => {
    const runId = await start("gate");
    const resumed: string[] = [];
    const onResumed = (_: string, reason: string) => resumed.push(reason);
    const { types, end } = await collect(client.driveRun({ runId, onApproval: () => "approve", onResumed }));
    expect(end).toMatchObject({ status: "finished" });
    expect(types.filter((type) => type === "ApprovalGranted")).toHaveLength(1);
    expect(types.filter((type) => type === "RunStarted")).toHaveLength(2);
    expect(resumed).toEqual([]);
  });

  test("works for someone else while the binary follows", async () => {
    const runId = freshId("elsewhere");
    const following = startCli(["run", "gate", "--run-id", runId, "--watch"]);
    await waitUntil(async () => (await cli(["status", runId, "--json"])).stdout.includes("waiting-approval"));
    await client.approve({ runId, nodeId: "gate", note: "looks good" });
    expect(await following).toMatchObject({ exitCode: 0 });
  });

  test("works for several runs at once, each with two clients that decide", async () => {
    const runIds = await Promise.all(Array.from({ length: 4 }, () => start("gates")));
    const drive = (runId: string) => collect(client.driveRun({ runId, onApproval: () => "approve" }));
    const driven = await Promise.all(runIds.flatMap((runId) => [drive(runId), drive(runId)]));
    for (const { seen, types, end } of driven) {
      expect(end).toMatchObject({ status: "finished" });
      expect(types.filter((type) => type === "ApprovalGranted")).toHaveLength(3);
      expect(seen).toEqual(await logOf((end as Run).runId));
    }
  });

  test("is applied once if it is repeated, and the opposite decision is refused", async () => {
    const runId = await start("gate");
    await isGate(runId);
    await client.approve({ runId, nodeId: "gate" });
    expect(await client.approve({ runId, nodeId: "gate" })).toMatchObject({ status: "approved" });
    await expect(client.deny({ runId, nodeId: "gate" })).rejects.toMatchObject({ status: 409 });
    await reaches(runId, "finished");
  });
});

describe("approvals that ask for a choice", () => {
  test("accept one option, and a ranking", async () => {
    const runId = await start("pick");
    await isGate(runId);
    const [row] = await client.listApprovals({ runId });
    expect(row).toMatchObject({
      nodeId: "choose",
      approvalMode: "select",
      options: [{ key: "blue" }, { key: "green" }],
    });
    await expect(client.approve({ runId, nodeId: "choose" })).rejects.toMatchObject({ status: 400 });
    const { end } = await collect(
      client.driveRun({
        runId,
        onApproval: ({ nodeId }) =>
          nodeId === "choose"
            ? { decision: "approve", selected: "green" }
            : { decision: "approve", ranked: ["green", "blue"] },
      }),
    );
    expect(end).toMatchObject({ status: "finished" });
    expect(await client.getOutput({ runId, nodeId: "choose" })).toMatchObject({ row: { selected: "green" } });
    expect(await client.getOutput({ runId, nodeId: "order" })).toMatchObject({
      row: { ranked: ["green", "blue"] },
    });
  });
});

describe("`deny`", () => {
  test("fails the run", async () => {
    const runId = await start("gate");
    await isGate(runId);
    await client.deny({ runId, nodeId: "gate", note: "not today" });
    expect(await collect(client.watchRun({ runId }))).toMatchObject({ end: { status: "failed" } });
    // As in a program that was written for a server that needs it.
    expect(await client.resume({ runId, workflowPath: "./gate.tsx" })).toEqual({ runId });
  });
});

describe("`cancel` of an executing run", () => {
  test("ends the run", async () => {
    const runId = await start("slow", { steps: 20, ms: 300 });
    await waitUntil(async () => (await client.getStatus({ runId })).summary["finished"]);
    expect((await client.cancel({ runId })).runId).toBe(runId);
    expect((await cli(["watch", runId])).exitCode).toBe(2);
  });
});

describe("`cancel` of a run that waits", () => {
  test("ends it", async () => {
    const runId = await start("gate");
    await isGate(runId);
    await client.cancel({ runId });
    await reaches(runId, "cancelled");
    await expect(client.resume({ runId })).rejects.toMatchObject({ code: "RUN_ENDED" });
  });
});

describe("`retryNode` of a failed run, `getOutput`", () => {
  test("runs the node again, which a resume does not", async () => {
    const until = join(sharedServer.root, freshId("fixed"));
    const runId = await start("breaks", { until });
    await reaches(runId, "failed");
    expect((await client.getOutput({ runId, nodeId: "publish" })).row).toBeNull();
    await expect(client.resume({ runId })).rejects.toMatchObject({ status: 409, code: "RUN_ENDED" });
    await writeFile(until, "");
    expect(await client.retryNode({ runId, nodeId: "publish" })).toMatchObject({ runId });
    const { types, end } = await collect(client.watchRun({ runId }));
    expect(end).toMatchObject({ status: "finished" });
    expect(types).toContain("RunFailed");
    const output = await client.getOutput({ runId, nodeId: "publish" });
    expect(output).toMatchObject({ status: "produced", row: { value: "published" } });
  });
});

describe("`pause`", () => {
  test("stops a run between two tasks until a resume", async () => {
    const runId = await start("slow", { steps: 8, ms: 300 });
    await waitUntil(async () => (await client.getStatus({ runId })).summary["finished"]);
    await client.pause({ runId });
    await reaches(runId, "paused");
    await client.resume({ runId });
    expect(await collect(client.watchRun({ runId }))).toMatchObject({ end: { status: "finished" } });
  });
});

describe("a server restart during a run", () => {
  test("loses and repeats no events for two followers", async () => {
    const { gateway, own } = await ownGateway();
    const { runId } = await own.runWorkflow({ workflowPath: "slow", input: { steps: 6, ms: 300 } });
    const events = collect(own.watchRun({ runId }));
    const following = startCli(["watch", runId, "--json"], { baseUrl: gateway.baseUrl });
    await waitUntil(async () => ((await own.getStatus({ runId })).summary["finished"] ?? 0) >= 2);
    await gateway.restart();
    // The run is considered alive until its engine has been silent for half a minute.
    await waitUntil(async () => (await own.getStatus({ runId })).runState?.state === "orphaned", 90_000);
    await own.resume({ runId });
    const { seen, end } = await events;
    expect(end).toMatchObject({ status: "finished" });
    const { stdout, exitCode } = await following;
    expect(exitCode).toBe(0);
    expect(linesOf({ stdout })).toEqual(seen);
    expect(seen).toEqual(await logOf(runId, gateway.baseUrl));
    expect(seen.filter(({ type }) => type === "RunStarted")).toHaveLength(2);
  });

  test("keeps a waiting run, which continues after an approval", async () => {
    const { gateway, own } = await ownGateway();
    const { runId } = await own.runWorkflow({ workflowPath: "gate", input: {} });
    await waitUntil(async () => (await own.getStatus({ runId })).status === "waiting-approval");
    const watched = own.watchRun({ runId });
    const { value: first } = await watched.next();
    expect(first).toMatchObject({ type: "RunStarted" });
    const events = collect(watched);
    await gateway.restart();
    await own.approve({ runId, nodeId: "gate" });
    expect(await events).toMatchObject({ end: { status: "finished" } });
  });

  test("after a clean shutdown cancels the run, which followers see", async () => {
    const { gateway, own } = await ownGateway();
    const { runId } = await own.runWorkflow({ workflowPath: "slow", input: { steps: 30, ms: 300 } });
    const events = collect(own.watchRun({ runId }));
    await waitUntil(async () => (await own.getStatus({ runId })).summary["finished"]);
    await gateway.terminate();
    await gateway.restart();
    expect(await events).toMatchObject({ end: { status: "cancelled" } });
  });

  test("with a changed workflow leaves a decision unapplied, which is reported", async () => {
    const { gateway, own } = await ownGateway();
    const { runId } = await own.runWorkflow({ workflowPath: "gate", input: {} });
    await waitUntil(async () => (await own.getStatus({ runId })).status === "waiting-approval");
    await gateway.kill();
    const file = join(gateway.workflows, "gate.tsx");
    await writeFile(file, (await readFile(file, "utf8")).replace('id="ship"', 'id="deliver"'));
    await gateway.restart();
    await own.approve({ runId, nodeId: "gate" });
    const end = new AbortController();
    const kinds: string[] = [];
    const driven = collect(
      own.driveRun({ runId, signal: end.signal, onBlocked: (_, { kind }) => kinds.push(kind) }),
    );
    driven.catch(() => {});
    await waitUntil(() => kinds.length > 0, 60_000);
    end.abort();
    await expect(driven).rejects.toThrow();
    expect(kinds).toEqual(["approval-decided-resume-required"]);
  });
});

describe("a wrong key", () => {
  test("is distinguished from other refusals and never shown", async () => {
    const { gateway, own } = await ownGateway({ apiKey: "the-right-one" });
    const wrong = createClient({ baseUrl: gateway.baseUrl, apiKey: "the-wrong-one" });
    const refusals = [
      wrong.runWorkflow({ workflowPath: "quick", input: {} }),
      wrong.getStatus({ runId: "x" }),
      wrong.listRuns(),
      wrong.listApprovals(),
      wrong.listWorkflows(),
      collect(wrong.streamEvents({ runId: "x" })),
    ];
    for (const refusal of await Promise.allSettled(refusals)) {
      expect(refusal).toMatchObject({ status: "rejected", reason: { status: 401 } });
    }
    const words = ["run", "quick", "--watch"];
    const options = { baseUrl: gateway.baseUrl };
    const refused = await cli(words, { ...options, env: { SMITHERS_API_KEY: "the-wrong-one" } });
    expect(refused.exitCode).toBe(6);
    expect(refused.stderr).not.toContain("the-wrong-one");
    expect((await cli(words, { ...options, env: { SMITHERS_API_KEY: "the-right-one" } })).exitCode).toBe(0);
    expect(await own.listRuns()).toHaveLength(1);
  });
});

describe("hostile ids", () => {
  test("of nodes reach the right node", async () => {
    const odd = await start("odd-ids");
    const gates = await start("gates");
    await Promise.all([isGate(odd), isGate(gates)]);
    await client.approve({ runId: odd, nodeId: "gate:prod@v1" });
    for (const nodeId of ["east", "west", "my gate/1"]) {
      await waitUntil(async () =>
        (await client.listApprovals({ runId: gates })).some((row) => row.nodeId === nodeId),
      );
      await client.approve({ runId: gates, nodeId });
    }
    await Promise.all([reaches(odd, "finished"), reaches(gates, "finished")]);
    // The gateway itself does not return the output of such a node.
    const output = client.getOutput({ runId: gates, nodeId: "my gate/1" });
    await expect(output).rejects.toMatchObject({ status: 400, code: "InvalidNodeId" });
    await expect(client.approve({ runId: odd, nodeId: "gate:prod" })).rejects.toMatchObject({ status: 400 });
  });

  test("of runs reach the right run", async () => {
    const runId = `${freshId("My Run")}:1/x é`;
    await fetch(`${baseUrl}/v1/api/runs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ workflow: "gate", input: {}, options: { runId } }),
    });
    await waitUntil(() => client.getStatus({ runId }).catch(() => undefined));
    await isGate(runId);
    await client.approve({ runId, nodeId: "gate" });
    expect(await collect(client.watchRun({ runId }))).toMatchObject({ end: { runId, status: "finished" } });
    expect(await client.getFrames({ runId, tail: 1 })).toMatchObject([{ runId }]);
  });
});

describe("`listApprovals`, `approvals`", () => {
  test("list each open approval once, and no decided ones", async () => {
    const { gateway, own } = await ownGateway();
    expect(await own.listApprovals()).toEqual([]);
    const runIds = ["first", "second"].map(freshId);
    for (const runId of runIds) {
      await own.runWorkflow({ workflowPath: "gate", input: {}, runId });
      await waitUntil(async () => (await own.getStatus({ runId })).status === "waiting-approval");
    }
    const rows = await own.listApprovals();
    expect(rows.map(({ runId, nodeId }) => ({ runId, nodeId }))).toEqual(
      runIds.map((runId) => ({ runId, nodeId: "gate" })),
    );
    expect(rows[0]).toMatchObject({ iteration: 0, workflowName: "gate", requestTitle: "Ship it?" });
    expect(rows[0]?.waitingMs).toBeGreaterThan(0);
    await own.approve({ runId: runIds[0]!, nodeId: "gate" });
    expect(json(await cli(["approvals", "--json"], { baseUrl: gateway.baseUrl }))).toMatchObject([
      { runId: runIds[1] },
    ]);
  });
});

describe("`sendSignal`, `signal`", () => {
  test("continues the run that waits for it, without a resume", async () => {
    const runId = await start("signal");
    await reaches(runId, "waiting-event");
    const receipt = await client.sendSignal({ runId, name: "payment", data: { amount: 5 } });
    expect(receipt).toMatchObject({ runId, signalName: "payment", correlationId: null });
    expect(await collect(client.watchRun({ runId }))).toMatchObject({ end: { status: "finished" } });
    expect(await client.getOutput({ runId, nodeId: "payment" })).toMatchObject({ row: { amount: 5 } });
  });

  test("that came before the wait is found when the program that drives the run resumes it", async () => {
    const runId = await start("signal", { firstMs: 1500 });
    const reasons: string[] = [];
    const driven = collect(client.driveRun({ runId, onResumed: (_, reason) => reasons.push(reason) }));
    await client.sendSignal({ runId, name: "payment", data: { amount: 5 } });
    expect(await driven).toMatchObject({ end: { status: "finished" } });
    expect(reasons).toEqual(["event"]);
  });

  test("is refused if the run does not exist", async () => {
    const refused = client.sendSignal({ runId: "nobody", name: "payment" });
    await expect(refused).rejects.toMatchObject({ status: 404 });
  });
});

describe("timers and quotas that are due", () => {
  test("are noticed by the gateway itself, alongside an approval", async () => {
    const runId = await start("timer");
    const reasons: string[] = [];
    const { end } = await collect(
      client.driveRun({ runId, onApproval: () => "approve", onResumed: (_, reason) => reasons.push(reason) }),
    );
    expect(end).toMatchObject({ status: "finished" });
    expect(reasons).toEqual([]);
  });
});

describe("a run that continues as a new one", () => {
  test("is followed into the new one", async () => {
    const runId = await start("continue");
    const continued: string[] = [];
    const { end } = await collect(
      client.watchRun({ runId, onContinued: ({ newRunId }) => continued.push(newRunId) }),
    );
    expect(continued).toHaveLength(2);
    expect(end).toMatchObject({ runId: continued[1], status: "finished" });
  });
});
