import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  emptyRunView,
  isKnownEvent,
  nodeKey,
  reduceRun,
  reduceEvents,
  type RunView,
  type SmithersEvent,
} from "../../../src/client/index.js";

let clock = 0;
const event = (type: string, fields: Record<string, unknown> = {}) =>
  ({ type, runId: "r", timestampMs: (clock += 10), ...fields }) as SmithersEvent;
const about = (nodeId: string, iteration = 0, fields: Record<string, unknown> = {}) => ({
  nodeId,
  iteration,
  ...fields,
});
const viewOf = (...events: SmithersEvent[]) => reduceEvents(emptyRunView("r"), events);
const nodeOf = (view: RunView, nodeId: string, iteration = 0) => view.nodes.get(nodeKey(nodeId, iteration));

describe("reduceRun", () => {
  test("follows a run from its start to its end", () => {
    const started = event("RunStarted");
    const finished = event("RunFinished");
    const running = viewOf(started);
    expect(running).toMatchObject({
      status: "running",
      startedAtMs: started.timestampMs,
      finishedAtMs: null,
    });
    expect(reduceRun(running, finished)).toMatchObject({
      status: "finished",
      finishedAtMs: finished.timestampMs,
    });
  });

  test("leaves the view it was given as it is", () => {
    const before = viewOf(event("RunStarted"), event("NodeStarted", about("a", 0, { attempt: 1 })));
    const copy = structuredClone({ ...before, nodes: [...before.nodes] });
    reduceEvents(before, [
      event("NodeFinished", about("a", 0, { attempt: 1 })),
      event("NodeWaitingApproval", about("gate")),
      event("RunFailed", { error: "x" }),
    ]);
    expect({ ...before, nodes: [...before.nodes] }).toEqual(copy);
  });

  test("starts anew with the run in which the work goes on", () => {
    const before = viewOf(event("RunStarted"), event("NodeStarted", about("a", 0, { attempt: 1 })));
    const goesOn = { ...event("RunStarted"), runId: "r2" };
    const after = reduceEvents(before, [event("RunContinuedAsNew", { newRunId: "r2" }), goesOn]);
    expect(after).toEqual(reduceRun(emptyRunView("r2"), goesOn));
    expect(before.nodes.size).toBe(1);
  });

  test("keeps attempt, times and error of each node in each turn of its loop", () => {
    const view = viewOf(
      event("NodeStarted", about("a", 0, { attempt: 1 })),
      event("NodeFailed", about("a", 0, { attempt: 1, error: { message: "no" } })),
      event("NodeRetrying", about("a", 0, { attempt: 2 })),
      event("NodeStarted", about("a", 1, { attempt: 1 })),
    );
    expect(nodeOf(view, "a")).toMatchObject({ state: "retrying", attempt: 2, error: { message: "no" } });
    expect(nodeOf(view, "a", 1)).toMatchObject({ state: "in-progress", attempt: 1, error: null });
  });

  test("an earlier failure is forgotten when the run continues", () => {
    const view = viewOf(event("RunStarted"), event("RunFailed", { error: "old" }), event("RunStarted"));
    expect(view).toMatchObject({ status: "running", error: null, finishedAtMs: null });
  });

  test("what was under way when an engine died starts again", () => {
    const view = viewOf(
      event("RunStarted"),
      event("NodeStarted", about("a", 0, { attempt: 1 })),
      event("RunStarted"),
    );
    expect(nodeOf(view, "a")?.state).toBe("pending");
  });

  test("a gate is open until it is decided, and announced by two events", () => {
    const requested = event("ApprovalRequested", about("gate", 2));
    const open = viewOf(event("RunStarted"), requested, event("NodeWaitingApproval", about("gate", 2)));
    expect(open.openApprovals).toMatchObject([
      { nodeId: "gate", iteration: 2, decision: null, requestedAtMs: requested.timestampMs },
    ]);
    const granted = reduceRun(open, event("ApprovalGranted", about("gate", 2)));
    expect(granted.openApprovals).toEqual([]);
    expect(nodeOf(granted, "gate", 2)?.approval).toMatchObject({ decision: "approved" });
  });

  test("a decision on a paused run is untaken until an engine starts", () => {
    const paused = viewOf(
      event("RunStarted"),
      event("NodeWaitingApproval", about("gate")),
      event("RunStatusChanged", { status: "waiting-approval" }),
    );
    const decided = reduceRun(paused, event("ApprovalDenied", about("gate")));
    expect(decided.unappliedDecisions).toMatchObject([{ nodeId: "gate", decision: "denied" }]);
    expect(reduceRun(decided, event("RunStarted")).unappliedDecisions).toEqual([]);
  });

  test("a decision that the executing engine took up is not untaken", () => {
    const view = viewOf(
      event("RunStarted"),
      event("NodeWaitingApproval", about("gate")),
      event("ApprovalGranted", about("gate")),
      event("NodeStarted", about("gate", 0, { attempt: 1 })),
    );
    expect(view.unappliedDecisions).toEqual([]);
  });

  test("events of unknown types and with missing fields change nothing but the time", () => {
    const before = viewOf(event("RunStarted"), event("NodeStarted", about("a", 0, { attempt: 1 })));
    const odd = event("SnapshotCaptured", { frameNo: 3, nodeId: 7 });
    const after = reduceEvents(before, [
      odd,
      event("NodeStarted"),
      { ...event("x"), type: undefined as never },
    ]);
    expect({ ...after, updatedAtMs: 0 }).toEqual({ ...before, updatedAtMs: 0 });
  });

  test("says in which run the work goes on", () => {
    expect(viewOf(event("RunStarted"), event("RunContinuedAsNew", { newRunId: "r2" }))).toMatchObject({
      status: "continued",
      continuedAs: "r2",
    });
  });
});

describe("the events of 0.32", () => {
  /** By name, the events of runs of `test/servers/0.32.0/workflows`, without what they say twice. */
  const recorded = JSON.parse(
    readFileSync(join(import.meta.dirname, "..", "recorded-0.32.json"), "utf8"),
  ) as Record<string, SmithersEvent[]>;
  const upTo = (name: string, type: string) => {
    const events = recorded[name] ?? [];
    return viewOf(...events.slice(0, events.findIndex((each) => each.type === type) + 1));
  };
  const whole = (name: string) => viewOf(...(recorded[name] ?? []));

  test("a signal's node has no events of its own, and is finished all the same", () => {
    expect(upTo("signal", "RunStatusChanged").status).toBe("waiting-event");
    const done = whole("signal");
    expect(done).toMatchObject({ status: "finished", frameNo: 7 });
    expect(nodeOf(done, "payment")).toMatchObject({ state: "finished", attempt: 0 });
    expect(nodeOf(done, "last")?.state).toBe("finished");
  });

  test("a signal whose data is refused fails its node, with what was wrong", () => {
    const failed = whole("refused");
    expect(failed.status).toBe("failed");
    expect(nodeOf(failed, "payment")).toMatchObject({
      state: "failed",
      finishedAtMs: failed.finishedAtMs,
      error: { name: "ZodError" },
    });
    expect(nodeOf(failed, "first")?.state).toBe("finished");
  });

  test("a timer waits until it goes off, beside an open approval", () => {
    const waiting = upTo("timer", "RunStatusChanged");
    expect(waiting.status).toBe("waiting-timer");
    expect(nodeOf(waiting, "pause")).toMatchObject({ state: "waiting-timer", firesAtMs: 1795505325573 });
    expect(waiting.openApprovals).toMatchObject([{ nodeId: "gate" }]);
    expect(upTo("timer", "ApprovalGranted").unappliedDecisions).toMatchObject([{ nodeId: "gate" }]);
    const done = whole("timer");
    expect(done).toMatchObject({ status: "finished", unappliedDecisions: [], openApprovals: [] });
    expect([...done.nodes.values()].every(({ state }) => state === "finished")).toBe(true);
  });

  test("cancelling ends what waits; the denial that comes with it is nobody's decision", () => {
    const view = whole("cancelled");
    expect(view).toMatchObject({ status: "cancelled", openApprovals: [], unappliedDecisions: [] });
    expect(nodeOf(view, "pause")?.state).toBe("cancelled");
    expect(nodeOf(view, "gate")?.state).toBe("cancelled");
  });

  test("a run that goes on as a new one is over", () => {
    expect(whole("continue")).toMatchObject({
      status: "continued",
      openApprovals: [],
      unappliedDecisions: [],
    });
    expect(whole("continue").continuedAs).not.toBeNull();
  });

  test("a gate approved by rule is decided, and needs no resume", () => {
    const view = viewOf(event("RunStarted"), event("ApprovalAutoApproved", about("gate")));
    expect(nodeOf(view, "gate")?.approval).toMatchObject({ decision: "approved" });
    expect(view).toMatchObject({ openApprovals: [], unappliedDecisions: [] });
  });

  test("nodes that a retry by hand or a travel back in time has reset start anew", () => {
    const failed = viewOf(
      event("RunStarted"),
      event("NodeFinished", about("a", 0, { attempt: 1 })),
      event("NodeFailed", about("b", 0, { attempt: 1, error: "no" })),
      event("RunFailed", { error: "no" }),
    );
    const reset = { ...about("b"), resetNodes: ["b"], success: true };
    for (const type of ["RetryTaskFinished", "TimeTravelFinished"]) {
      const view = reduceRun(failed, event(type, reset));
      expect(nodeOf(view, "b")).toMatchObject({ state: "pending", error: null, finishedAtMs: null });
      expect(nodeOf(view, "a")?.state).toBe("finished");
    }
    expect(reduceRun(failed, event("TimeTravelJumped", { fromFrameNo: 9, toFrameNo: 4 })).frameNo).toBe(4);
  });

  test("are known, and others are told apart from them", () => {
    const all = Object.values(recorded).flat();
    expect(all.filter((each) => !isKnownEvent(each))).toEqual([]);
    expect(isKnownEvent(event("SomethingNewer"))).toBe(false);
    expect(isKnownEvent(event("toString"))).toBe(false);
  });
});
