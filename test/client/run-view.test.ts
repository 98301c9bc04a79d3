import { describe, expect, test } from "vitest";
import {
  emptyRunView,
  nodeKey,
  reduceRun,
  reduceRunAll,
  type RunView,
  type SmithersEvent,
} from "../../src/client/index.js";

let clock = 0;
const event = (type: string, fields: Record<string, unknown> = {}): SmithersEvent => ({
  type,
  runId: "r",
  timestampMs: (clock += 10),
  ...fields,
});
const about = (nodeId: string, iteration = 0, fields: Record<string, unknown> = {}) => ({
  nodeId,
  iteration,
  ...fields,
});
const viewOf = (...events: SmithersEvent[]) => reduceRunAll(emptyRunView("r"), events);
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
    reduceRunAll(before, [
      event("NodeFinished", about("a", 0, { attempt: 1 })),
      event("NodeWaitingApproval", about("gate")),
      event("RunFailed", { error: "x" }),
    ]);
    expect({ ...before, nodes: [...before.nodes] }).toEqual(copy);
  });

  test("starts anew with the run in which the work goes on", () => {
    const before = viewOf(event("RunStarted"), event("NodeStarted", about("a", 0, { attempt: 1 })));
    const goesOn = { ...event("RunStarted"), runId: "r2" };
    const after = reduceRunAll(before, [event("RunContinuedAsNew", { newRunId: "r2" }), goesOn]);
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

  test("an earlier failure is forgotten when the run goes on", () => {
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
    expect(open.openGates).toMatchObject([
      { nodeId: "gate", iteration: 2, decision: null, requestedAtMs: requested.timestampMs },
    ]);
    const granted = reduceRun(open, event("ApprovalGranted", about("gate", 2)));
    expect(granted.openGates).toEqual([]);
    expect(nodeOf(granted, "gate", 2)?.approval).toMatchObject({ decision: "approved" });
  });

  test("a decision on a paused run is untaken until an engine starts", () => {
    const paused = viewOf(
      event("RunStarted"),
      event("NodeWaitingApproval", about("gate")),
      event("RunStatusChanged", { status: "waiting-approval" }),
    );
    const decided = reduceRun(paused, event("ApprovalDenied", about("gate")));
    expect(decided.untakenDecisions).toMatchObject([{ nodeId: "gate", decision: "denied" }]);
    expect(reduceRun(decided, event("RunStarted")).untakenDecisions).toEqual([]);
  });

  test("a decision that the executing engine took up is not untaken", () => {
    const view = viewOf(
      event("RunStarted"),
      event("NodeWaitingApproval", about("gate")),
      event("ApprovalGranted", about("gate")),
      event("NodeStarted", about("gate", 0, { attempt: 1 })),
    );
    expect(view.untakenDecisions).toEqual([]);
  });

  test("events of unknown types and with missing fields change nothing but the time", () => {
    const before = viewOf(event("RunStarted"), event("NodeStarted", about("a", 0, { attempt: 1 })));
    const odd = event("SnapshotCaptured", { frameNo: 3, nodeId: 7 });
    const after = reduceRunAll(before, [
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
