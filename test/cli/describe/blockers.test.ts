import { describe, expect, test } from "vitest";
import { findBlockers } from "../../../src/cli/describe/blockers.js";
import { emptyRunView, reduceEvents, type Run, type SmithersEvent } from "../../../src/client/index.js";

const now = 1_000_000_000;

function still(
  status: Partial<Run>,
  events: ({ type: string } & Record<string, unknown>)[] = [],
  workflowPath?: string,
  resumesByItself = false,
) {
  const told = events.map(
    (event) => ({ runId: "r", timestampMs: now - 10_000, iteration: 0, ...event }) as SmithersEvent,
  );
  const whole = {
    runId: "r",
    workflowName: "w",
    startedAtMs: 0,
    finishedAtMs: null,
    summary: {},
    status: "running",
    ...status,
  };
  const facts = { now, resumesByItself, workflowPath };
  return findBlockers(whole, reduceEvents(emptyRunView("r"), told), facts).map(({ what, command = [] }) => [
    what,
    command.join(" "),
  ]);
}

const paused = { type: "RunStatusChanged", status: "waiting-approval" };
const waiting = (nodeId: string, fields: object = {}) => ({ type: "NodeWaitingApproval", nodeId, ...fields });
const blocked = (status: string, reason: { kind: string; [field: string]: unknown }) => ({
  status,
  runState: { state: status, blocked: reason },
});

test("lists open approvals, each with the command that decides it", () => {
  expect(
    still({ status: "waiting-approval" }, [waiting("a"), waiting("b", { iteration: 2 }), paused]),
  ).toEqual([
    ["a has been waiting for approval for 10s", "approve r a"],
    ["b (iteration 2) has been waiting for approval for 10s", "approve --iteration 2 r b"],
  ]);
  expect(still({ status: "running" }, [waiting("named early")])).toEqual([]);
});

test("reports a decision that the run has not applied", () => {
  const decided = [waiting("a"), paused, { type: "ApprovalGranted", nodeId: "a" }];
  expect(still({ status: "waiting-approval" }, decided)).toEqual([
    ["a has been approved, but the run must be resumed to continue", "resume --watch r"],
  ]);
});

test.each([
  [{ kind: "event", nodeId: "pay", correlationKey: "pay" }, "pay waits for the signal pay", "signal r pay"],
  [{ kind: "event", nodeId: "pay", correlationKey: "order-7" }, "pay waits for the signal order-7", ""],
  [
    { kind: "timer", nodeId: "nap", wakeAt: new Date(now + 90_000).toISOString() },
    "nap waits until 1970-01-12T13:48:10Z, in 1m 30s; watching the run resumes it then",
    "watch r",
  ],
  [
    { kind: "timer", nodeId: "nap", wakeAt: new Date(now - 1).toISOString() },
    "nap waited until 1970-01-12T13:46:39Z; a resume continues the run",
    "resume --watch r",
  ],
  [
    { kind: "quota", quotaBlockedCount: 1, resetAtMs: now + 1000 },
    "its agents' quota is used up until 1970-01-12T13:46:41Z, in 1.0s; watching the run resumes it then",
    "watch r",
  ],
  [{ kind: "tool\u001b", nodeId: "n", toolName: "t" }, "n is blocked: tool\\u001b", "resume --watch r"],
])("explains what a 0.32 server says the run waits for: %o", (reason, what, command) => {
  expect(still(blocked("waiting-event", reason))).toEqual([[what, command]]);
});

test("reports an engine that is gone or may be gone", () => {
  const started = { type: "NodeStarted", nodeId: "a", attempt: 1, timestampMs: now - 240_000 };
  expect(still({ runState: { state: "orphaned" } }, [started])).toEqual([
    ["its engine is gone, no event for 4m 00s", "resume --watch r"],
  ]);
  expect(still({ runState: { state: "running" } }, [started])).toEqual([]);
  expect(still({}, [started])).toEqual([
    [expect.stringMatching(/^no event for 4m 00s; /), "resume --watch r"],
  ]);
  expect(still({}, [{ ...started, timestampMs: now - 5000 }])).toEqual([]);
});

test("says how to continue a run that has stopped, if that is possible", () => {
  expect(still({ status: "finished" })).toEqual([]);
  expect(still({ status: "cancelled" })).toEqual([]);
  expect(still({ status: "paused" })).toEqual([["it has stopped: paused", "resume --watch r"]]);
  expect(still({ status: "continued" }, [{ type: "RunContinuedAsNew", newRunId: "s" }])).toEqual([
    ["it continues as run s", "status s"],
  ]);
});

describe("a run that failed", () => {
  const failed = (nodeId: string) => ({ type: "NodeFailed", nodeId, attempt: 2, error: "full" });
  const denied = (nodeId: string) => ({ type: "ApprovalDenied", nodeId });
  const end = (error: unknown) => ({ type: "RunFailed", error });
  /** How 0.5.0 and 0.32.0 report that a node was the reason. */
  const old = end("Task failed");
  const newer = end({
    code: "SESSION_ERROR",
    message: "Task failed: a See https://x",
    details: { key: "a::0" },
  });
  const newerState = { status: "failed", runState: { state: "failed" } };

  test("is not helped by a resume if a node has no attempts left", () => {
    expect(still({ status: "failed" }, [failed("a"), old], "x.tsx")).toEqual([
      [
        "a has no attempts left, so a resume would fail again; a new run with the same input starts over; " +
          "a resume helps once the workflow allows more attempts",
        "run --watch x.tsx",
      ],
    ]);
    expect(still(newerState, [failed("a"), newer], "x.tsx")).toEqual([
      [
        "a has no attempts left, so a resume would fail again; a new run with the same input starts over",
        "run --watch x.tsx",
      ],
    ]);
  });

  test("is not helped by a resume if approvals were denied", () => {
    expect(still({ status: "failed" }, [denied("a"), old], "x.tsx")).toEqual([
      ["a was denied, so a resume would fail again; a new run asks again", "run --watch x.tsx"],
    ]);
    const five = ["a", "b", "c", "d", "e"].map(denied);
    expect(still({ status: "failed" }, [...five, old])).toEqual([
      ["a, b, c and 2 more were denied, so a resume would fail again; a new run asks again", ""],
    ]);
  });

  test("is helped by a resume if the run failed for its own reason, even if nodes failed earlier", () => {
    const hint = "a resume keeps finished nodes and retries the rest; it helps if the cause is gone";
    for (const events of [[], [end("render boom")], [failed("tolerated"), end({ message: "render boom" })]]) {
      expect(still({ status: "failed" }, events, "x.tsx")).toEqual([[hint, "resume --watch r"]]);
    }
  });
});

describe("on a gateway, which continues runs by itself", () => {
  const decided = (decidedMsAgo: number) => [
    waiting("a"),
    paused,
    { type: "ApprovalGranted", nodeId: "a", timestampMs: now - decidedMsAgo },
  ];
  const onGateway = (status: Partial<Run>, events: Parameters<typeof still>[1] = []) =>
    still({ workflowKey: "deploy", ...status }, events, undefined, true);

  test("a decision needs no resume; one that stays unapplied points to the gateway's log", () => {
    expect(onGateway({ status: "waiting-approval" }, decided(1000))).toEqual([
      ["a has been approved; the gateway is about to continue the run", ""],
    ]);
    expect(onGateway({ status: "waiting-approval" }, decided(6000))).toEqual([
      ["a has been approved, but the gateway could not continue the run: check the gateway's log", ""],
    ]);
  });

  test("a timer needs no resume", () => {
    const timer = (msFromNow: number) => ({
      kind: "timer",
      nodeId: "nap",
      wakeAt: new Date(now + msFromNow).toISOString(),
    });
    const words = (msFromNow: number) =>
      onGateway(blocked("waiting-timer", timer(msFromNow))).map(([what]) => what);
    expect(words(90_000)).toEqual(["nap waits until 1970-01-12T13:48:10Z, in 1m 30s"]);
    expect(words(-10_000)[0]).toContain("the gateway is about to continue the run");
    expect(words(-60_000)[0]).toContain("check the gateway's log");
  });

  test("a failed node can be retried; a denied approval needs a new run", () => {
    const runFailed = (nodeId: string) => ({
      type: "RunFailed",
      error: { message: `Task failed: ${nodeId}`, details: { key: `${nodeId}::0` } },
    });
    expect(
      onGateway({ status: "failed" }, [
        { type: "NodeFailed", nodeId: "ship", iteration: 2, attempt: 1 },
        { type: "RunFailed", error: { message: "Task failed: ship" } },
      ]),
    ).toEqual([
      ["ship (iteration 2) failed; running it again continues the run", "retry --watch --iteration 2 r ship"],
    ]);
    expect(
      onGateway({ status: "failed" }, [
        waiting("a"),
        { type: "ApprovalDenied", nodeId: "a" },
        runFailed("a"),
      ]),
    ).toEqual([["a was denied; a new run asks again", "run --watch deploy"]]);
  });
});
