import { describe, expect, test, type TestContext } from "vitest";
import { driveRun, type DriveRunArgs } from "../../../src/client/index.js";
import { protocolServer, stallingLink } from "../../faults/in-test.js";
import type { ProtocolServer, RecordedDecision, SeenCall } from "../../faults/protocol-server.js";
import type { ScriptStep, ServedRun } from "../../faults/served-run.js";
import type { Place, Stall } from "../../faults/stalling-link.js";
import { waitUntil } from "../../wait-until.js";

/** Drives a run to its end and returns its status. */
async function drive(args: DriveRunArgs): Promise<string> {
  const events = driveRun({ onApproval: () => "approve", ...args });
  for (;;) {
    const { done, value } = await events.next();
    if (done) return value.status;
  }
}

/** The library's decisions, each with the state of the approval at that moment. */
function sent(server: ProtocolServer, runId?: string): Partial<RecordedDecision>[] {
  return server.decisions
    .filter((decision) => decision.by === "client" && (runId ?? decision.runId) === decision.runId)
    .map(({ decision, nodeId, iteration, before }) => ({ decision, nodeId, iteration, before }));
}

/** The places around a run's approval, between events and inside each, from two events before its request on. */
function placesAround(run: ServedRun): Place[] {
  const asked = run.events.findIndex((text) => text.includes("ApprovalRequested"));
  const places: Place[] = [];
  for (let seq = asked - 2; seq < run.events.length; seq++) {
    for (const bytes of [0, 30]) places.push({ seq, bytes });
  }
  return places;
}

/** Longer than a page takes, as on a real server, so that a history arrives in pages. */
const pollMs = 50;

/** Several pages of events before the approval. */
const longPast: ScriptStep = { tasks: 270 };
/** One page of events before the approval, for tests that would only take longer with more. */
const shortPast: ScriptStep = { tasks: 75 };

/**
 * Drives the same run over a stalling link, once for each place, where every connection stalls by default. `make` adds
 * the run. Returns the final status of each run.
 */
async function driveAtEachPlace(
  server: ProtocolServer,
  make: (runId: string) => ServedRun,
  { ms, connections }: Pick<Stall, "ms" | "connections">,
  onTestFinished: TestContext["onTestFinished"],
): Promise<{ place: Place; runId: string; status: string }[]> {
  const link = await stallingLink(server.baseUrl, onTestFinished);
  const places = placesAround(make("probe"));
  server.runs.delete("probe");
  const driven = await Promise.all(
    places.map(async (place) => {
      const runId = `at-${place.seq}-${place.bytes}`;
      make(runId);
      link.stalls.set(runId, { ...place, ms, ...(connections === undefined ? {} : { connections }) });
      return { place, runId, status: await drive({ baseUrl: link.baseUrl, runId }) };
    }),
  );
  expect(link.stalled).toBeGreaterThanOrEqual(places.length);
  return driven;
}

// This many followers at once take a while on a busy machine.
const options = { timeout: 120_000 };

describe.concurrent("a link that stalls at any place around an approval", options, () => {
  /** An approval that a person denied. Unless the run was resumed, it still waits. */
  const denied = (server: ProtocolServer, past: ScriptStep, isResumed: boolean) => (runId: string) => {
    const run = server.addRun(runId, { script: [past, { approvals: [{ nodeId: "deploy" }] }] });
    run.resume();
    server.decide("deny", runId, "deploy", 0, "person");
    if (isResumed) server.resume(runId, "person");
    return run;
  };

  test.for([
    { runIs: "failed", past: shortPast, ms: 450 },
    { runIs: "waiting", past: longPast, ms: 450 },
    { runIs: "waiting", past: shortPast, ms: 1800 },
    { runIs: "waiting", past: shortPast, ms: 1800, connections: 1 },
  ])(
    "does not get a denied approval approved (run: $runIs, stall: $ms ms)",
    async ({ runIs, past, ...stall }, { onTestFinished }) => {
      const server = await protocolServer({ pollMs }, onTestFinished);
      const driven = await driveAtEachPlace(
        server,
        denied(server, past, runIs === "failed"),
        stall,
        onTestFinished,
      );
      expect(sent(server)).toEqual([]);
      expect(driven.filter(({ status }) => status !== "failed")).toEqual([]);
    },
  );

  /** A loop whose first iteration a person decided and whose second is open: one open approval, as before. */
  const loop = (server: ProtocolServer, first: "approve" | "deny") => (runId: string) => {
    const turn = (iteration: number) => ({
      approvals: [{ nodeId: "review", iteration, ifDenied: "skip" as const }],
    });
    const run = server.addRun(runId, { script: [shortPast, turn(0), turn(1)] });
    run.resume();
    server.decide(first, runId, "review", 0, "person");
    server.resume(runId, "person");
    return run;
  };

  test.for([
    { decision: "approve" as const, ms: 450 },
    { decision: "approve" as const, ms: 1800 },
    { decision: "deny" as const, ms: 450 },
  ])(
    "gets only a loop's open iteration approved (before: $decision, stall: $ms ms)",
    async ({ decision, ms }, { onTestFinished }) => {
      const server = await protocolServer({ pollMs }, onTestFinished);
      const driven = await driveAtEachPlace(server, loop(server, decision), { ms }, onTestFinished);
      for (const { place, runId, status } of driven) {
        expect({ place, status, sent: sent(server, runId) }).toEqual({
          place,
          status: "finished",
          sent: [{ decision: "approve", nodeId: "review", iteration: 1, before: "open" }],
        });
      }
    },
  );
});

describe.concurrent("a decision by someone else", options, () => {
  const script: ScriptStep[] = [
    { tasks: 5 },
    { approvals: [{ nodeId: "review" }] },
    { approvals: [{ nodeId: "review", iteration: 1 }] },
  ];
  // Slow, so that the open stream does not show what a check before the decision has to find out.
  const slowPollMs = 300;

  interface OtherPerson {
    listsApprovals: boolean;
    does: "deny" | "deny and resume" | "approve and resume";
  }

  /**
   * Lets another person decide when the library's n-th request after the rule's answer reaches the server. Returns what
   * the library decided anyway, or after how many requests it sent its decision if that came before the n-th.
   */
  async function decideAtLook(
    n: number,
    { listsApprovals, does }: OtherPerson,
    onTestFinished: TestContext["onTestFinished"],
  ) {
    let isAnswered = false;
    let isSent = false;
    let checks = 0;
    let isDecided = false;
    const decision = does === "approve and resume" ? "approve" : "deny";
    const onCall = ({ call }: SeenCall) => {
      isSent ||= call === "approve";
      if (!isAnswered || isSent || isDecided || ++checks < n) return;
      isDecided = true;
      server.decide(decision, "r", "review", 0, "other");
      if (does !== "deny") server.resume("r", "other");
    };
    const server = await protocolServer({ pollMs: slowPollMs, listsApprovals, onCall }, onTestFinished);
    server.addRun("r", { script }).resume();
    const status = await drive({
      baseUrl: server.baseUrl,
      runId: "r",
      onApproval: () => {
        isAnswered = true;
        return "approve";
      },
    });
    const first = sent(server).filter(({ iteration }) => iteration === 0);
    return isDecided ? { n, first, status } : { n, sentAfter: checks };
  }

  test.for<OtherPerson>([
    { does: "deny", listsApprovals: false },
    { does: "deny and resume", listsApprovals: false },
    { does: "approve and resume", listsApprovals: false },
    { does: "deny", listsApprovals: true },
    { does: "approve and resume", listsApprovals: true },
  ])(
    "before the last check prevents ours ($does, approvals listed: $listsApprovals)",
    async (other, { onTestFinished }) => {
      const all = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => decideAtLook(n, other, onTestFinished)));
      expect(all[0], "at least one check between the rule's answer and the decision").toHaveProperty("first");
      const status = other.does === "approve and resume" ? "finished" : "failed";
      for (const { n, first, ...rest } of all) {
        if (first !== undefined) expect({ n, first, ...rest }).toEqual({ n, first: [], status });
      }
    },
  );
});

describe.concurrent("a lost response to a decision", options, () => {
  const script: ScriptStep[] = [
    { tasks: 5 },
    ...[0, 1, 2].map((iteration) => ({ approvals: [{ nodeId: "review", iteration }] })),
  ];
  const granted = (run: ServedRun) =>
    run.events
      .filter((text) => text.includes("ApprovalGranted"))
      .map((text) => (JSON.parse(text) as { iteration: number }).iteration);

  test.for([
    { name: "on every connection", connections: undefined },
    { name: "on the open one alone", connections: 1 },
  ])(
    "does not repeat it when the next iteration opens, with the stream stalled $name",
    async ({ connections }, { onTestFinished }) => {
      const server = await protocolServer({ pollMs }, onTestFinished);
      const link = await stallingLink(server.baseUrl, onTestFinished);
      const run = server.addRun("r", { script });
      run.resume();
      link.stalls.set("r", {
        ...{ seq: run.events.length, bytes: 0, ms: 2700 },
        ...(connections === undefined ? {} : { connections }),
      });
      server.misbehave("approve", { kind: "reset", taken: true });
      const driving = drive({ baseUrl: link.baseUrl, runId: "r" });
      // Another follower sends the resume, and the next iteration opens.
      await waitUntil(() => server.decisions.length === 1);
      server.resume("r", "other");
      expect(await driving).toBe("finished");
      expect(granted(run)).toEqual([0, 1, 2]);
    },
  );

  test("does not repeat it when the engine applies it by itself", async ({ onTestFinished }) => {
    const server = await protocolServer({ pollMs }, onTestFinished);
    const paced = { pace: () => new Promise<void>((resolve) => setTimeout(resolve, 3)) };
    const steps = [0, 1, 2].map((iteration) => ({
      approvals: [{ nodeId: "review", iteration }],
      meanwhile: 30,
    }));
    const run = server.addRun("r", { script: steps, ...paced });
    run.resume();
    server.misbehave("approve", { kind: "reset", taken: true });
    expect(await drive({ baseUrl: server.baseUrl, runId: "r" })).toBe("finished");
    expect(granted(run)).toEqual([0, 1, 2]);
  });

  test("repeats it once it is known not to have been applied", async ({ onTestFinished }) => {
    const server = await protocolServer({ pollMs }, onTestFinished);
    const run = server.addRun("r", { script });
    run.resume();
    server.misbehave("approve", { kind: "reset", taken: false });
    expect(await drive({ baseUrl: server.baseUrl, runId: "r" })).toBe("finished");
    expect(granted(run)).toEqual([0, 1, 2]);
    expect(server.count("approve")).toBe(4);
  });
});
