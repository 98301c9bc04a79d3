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

  test("does not change the view it is given", () => {
    const before = viewOf(event("RunStarted"), event("NodeStarted", about("a", 0, { attempt: 1 })));
    const copy = structuredClone({ ...before, nodes: [...before.nodes] });
    reduceEvents(before, [
      event("NodeFinished", about("a", 0, { attempt: 1 })),
      event("NodeWaitingApproval", about("gate")),
      event("RunFailed", { error: "x" }),
    ]);
    expect({ ...before, nodes: [...before.nodes] }).toEqual(copy);
  });

  test("starts over with the run that continues the work", () => {
    const before = viewOf(event("RunStarted"), event("NodeStarted", about("a", 0, { attempt: 1 })));
    const goesOn = { ...event("RunStarted"), runId: "r2" };
    const after = reduceEvents(before, [event("RunContinuedAsNew", { newRunId: "r2" }), goesOn]);
    expect(after).toEqual(reduceRun(emptyRunView("r2"), goesOn));
    expect(before.nodes.size).toBe(1);
  });

  test("keeps the attempt, times, and error of each node in each iteration of its loop", () => {
    const view = viewOf(
      event("NodeStarted", about("a", 0, { attempt: 1 })),
      event("NodeFailed", about("a", 0, { attempt: 1, error: { message: "no" } })),
      event("NodeRetrying", about("a", 0, { attempt: 2 })),
      event("NodeStarted", about("a", 1, { attempt: 1 })),
    );
    expect(nodeOf(view, "a")).toMatchObject({ state: "retrying", attempt: 2, error: { message: "no" } });
    expect(nodeOf(view, "a", 1)).toMatchObject({ state: "in-progress", attempt: 1, error: null });
  });

  test("clears an earlier failure when the run continues", () => {
    const view = viewOf(event("RunStarted"), event("RunFailed", { error: "old" }), event("RunStarted"));
    expect(view).toMatchObject({ status: "running", error: null, finishedAtMs: null });
  });

  test("resets nodes that were in progress when an engine died", () => {
    const view = viewOf(
      event("RunStarted"),
      event("NodeStarted", about("a", 0, { attempt: 1 })),
      event("RunStarted"),
    );
    expect(nodeOf(view, "a")?.state).toBe("pending");
  });

  test("keeps an approval, which two events announce, open until it is decided", () => {
    const requested = event("ApprovalRequested", about("gate", 2));
    const open = viewOf(event("RunStarted"), requested, event("NodeWaitingApproval", about("gate", 2)));
    expect(open.openApprovals).toMatchObject([
      { nodeId: "gate", iteration: 2, decision: null, requestedAtMs: requested.timestampMs },
    ]);
    const granted = reduceRun(open, event("ApprovalGranted", about("gate", 2)));
    expect(granted.openApprovals).toEqual([]);
    expect(nodeOf(granted, "gate", 2)?.approval).toMatchObject({ decision: "approved" });
  });

  test("treats a decision on a paused run as unapplied until an engine starts", () => {
    const paused = viewOf(
      event("RunStarted"),
      event("NodeWaitingApproval", about("gate")),
      event("RunStatusChanged", { status: "waiting-approval" }),
    );
    const decided = reduceRun(paused, event("ApprovalDenied", about("gate")));
    expect(decided.unappliedDecisions).toMatchObject([{ nodeId: "gate", decision: "denied" }]);
    expect(reduceRun(decided, event("RunStarted")).unappliedDecisions).toEqual([]);
  });

  test("treats a decision as applied once the executing engine starts its node", () => {
    const view = viewOf(
      event("RunStarted"),
      event("NodeWaitingApproval", about("gate")),
      event("ApprovalGranted", about("gate")),
      event("NodeStarted", about("gate", 0, { attempt: 1 })),
    );
    expect(view.unappliedDecisions).toEqual([]);
  });

  test("changes only the time for events of unknown types or with missing fields", () => {
    const before = viewOf(event("RunStarted"), event("NodeStarted", about("a", 0, { attempt: 1 })));
    const odd = event("SnapshotCaptured", { frameNo: 3, nodeId: 7 });
    const after = reduceEvents(before, [
      odd,
      event("NodeStarted"),
      { ...event("x"), type: undefined as never },
    ]);
    expect({ ...after, updatedAtMs: 0 }).toEqual({ ...before, updatedAtMs: 0 });
  });

  test("records the run in which the work continues", () => {
    expect(viewOf(event("RunStarted"), event("RunContinuedAsNew", { newRunId: "r2" }))).toMatchObject({
      status: "continued",
      continuedAs: "r2",
    });
  });
});

describe("the events of 0.32", () => {
  /** By name, the events of runs of `test/servers/0.32.0/workflows`, without repetitions. */
  const recorded = JSON.parse(
    readFileSync(join(import.meta.dirname, "..", "recorded-0.32.json"), "utf8"),
  ) as Record<string, SmithersEvent[]>;
  const upTo = (name: string, type: string) => {
    const events = recorded[name] ?? [];
    return viewOf(...events.slice(0, events.findIndex((each) => each.type === type) + 1));
  };
  const whole = (name: string) => viewOf(...(recorded[name] ?? []));

  test("finish the node of a signal, although it has no events of its own", () => {
    expect(upTo("signal", "RunStatusChanged").status).toBe("waiting-event");
    const done = whole("signal");
    expect(done).toMatchObject({ status: "finished", frameNo: 7 });
    expect(nodeOf(done, "payment")).toMatchObject({ state: "finished", attempt: 0 });
    expect(nodeOf(done, "last")?.state).toBe("finished");
  });

  test("fail the node of a signal whose data is refused, with the reason", () => {
    const failed = whole("refused");
    expect(failed.status).toBe("failed");
    expect(nodeOf(failed, "payment")).toMatchObject({
      state: "failed",
      finishedAtMs: failed.finishedAtMs,
      error: { name: "ZodError" },
    });
    expect(nodeOf(failed, "first")?.state).toBe("finished");
  });

  test("keep a timer waiting until it fires, alongside an open approval", () => {
    const waiting = upTo("timer", "RunStatusChanged");
    expect(waiting.status).toBe("waiting-timer");
    expect(nodeOf(waiting, "pause")).toMatchObject({ state: "waiting-timer", firesAtMs: 1795505325573 });
    expect(waiting.openApprovals).toMatchObject([{ nodeId: "gate" }]);
    expect(upTo("timer", "ApprovalGranted").unappliedDecisions).toMatchObject([{ nodeId: "gate" }]);
    const done = whole("timer");
    expect(done).toMatchObject({ status: "finished", unappliedDecisions: [], openApprovals: [] });
    expect([...done.nodes.values()].every(({ state }) => state === "finished")).toBe(true);
  });

  test("cancel waiting nodes, and the denial that comes with that is not a decision", () => {
    const view = whole("cancelled");
    expect(view).toMatchObject({ status: "cancelled", openApprovals: [], unappliedDecisions: [] });
    expect(nodeOf(view, "pause")?.state).toBe("cancelled");
    expect(nodeOf(view, "gate")?.state).toBe("cancelled");
  });

  test("end a run that continues as a new one", () => {
    expect(whole("continue")).toMatchObject({
      status: "continued",
      openApprovals: [],
      unappliedDecisions: [],
    });
    expect(whole("continue").continuedAs).not.toBeNull();
  });

  test("decide an auto-approved approval, which needs no resume", () => {
    const view = viewOf(event("RunStarted"), event("ApprovalAutoApproved", about("gate")));
    expect(nodeOf(view, "gate")?.approval).toMatchObject({ decision: "approved" });
    expect(view).toMatchObject({ openApprovals: [], unappliedDecisions: [] });
  });

  test("reset the nodes of a manual retry or a time travel to pending", () => {
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

  test("are known, unlike events of other types", () => {
    const all = Object.values(recorded).flat();
    expect(all.filter((each) => !isKnownEvent(each))).toEqual([]);
    expect(isKnownEvent(event("SomethingNewer"))).toBe(false);
    expect(isKnownEvent(event("toString"))).toBe(false);
  });
});
