import { afterEach, describe, expect, test } from "vitest";
import { resumeRun, type ResumeRules } from "../../../src/client/follow/resumer.js";
import { ConnectionError, HttpError } from "../../../src/client/index.js";
import { FakeRun, granted, opened, started, waiting } from "./fake-run.js";

const ends: AbortController[] = [];
afterEach(() => ends.splice(0).forEach((end) => end.abort()));

function resume(run: FakeRun, rules: Partial<ResumeRules> = {}) {
  const end = new AbortController();
  ends.push(end);
  const result = { error: undefined as unknown, told: [] as string[] };
  const all: ResumeRules = {
    which: "all",
    onResumed: (_, reason) => result.told.push(`resumed for ${reason}`),
    onBlocked: (_, { kind }) => result.told.push(`blocked by ${kind}`),
    ...rules,
  };
  resumeRun(run, all, end.signal).catch((error: unknown) => {
    if (!end.signal.aborted) result.error = error;
  });
  return result;
}

const outage = () => new ConnectionError("down", { method: "POST", path: "/", mayHaveBeenApplied: false });

describe("after a decision", () => {
  test("of our own, the run is resumed at once", async () => {
    const run = new FakeRun();
    run.own.add("gate");
    const { told } = resume(run);
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    expect(run.sent).toEqual(["0 resume"]);
    expect(told).toEqual(["resumed for decision"]);
  });

  test("by someone else, they have two seconds to resume the run", async () => {
    const run = new FakeRun();
    resume(run);
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    await run.clock.pass(1999);
    expect(run.sent).toEqual([]);
    await run.clock.pass(1);
    expect(run.sent).toEqual(["2000 resume"]);
  });

  test("by someone else, their resume within that time is enough", async () => {
    const run = new FakeRun();
    resume(run);
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    await run.clock.pass(1000);
    await run.bring(started);
    await run.clock.pass(60_000);
    expect(run.sent).toEqual([]);
  });

  test("a resume by someone else is detected before its event arrives", async () => {
    const run = new FakeRun();
    run.own.add("gate");
    run.hidden = [started];
    resume(run);
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    await run.clock.pass(60_000);
    expect(run.checks).toBeGreaterThan(0);
    expect(run.sent).toEqual([]);
  });

  test.each(["running", "paused", "finished", "failed", "cancelled"])(
    "the status is checked first, and a run that is %s is not resumed",
    async (status) => {
      const run = new FakeRun();
      run.own.add("gate");
      run.status = status;
      resume(run);
      await run.bring(started, opened("gate"), waiting, granted("gate"));
      await run.clock.pass(60_000);
      expect(run.sent).toEqual([]);
    },
  );

  test.each(["unproven", "unreachable"] as const)("nothing is sent while the view is %s", async (proof) => {
    const run = new FakeRun();
    run.own.add("gate");
    run.proof = proof;
    resume(run);
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    await run.clock.pass(60_000);
    expect(run.sent).toEqual([]);
  });

  test("the run is resumed once", async () => {
    const run = new FakeRun();
    run.own.add("gate");
    resume(run);
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    await run.bring({ type: "FrameCommitted", frameNo: 2 });
    await run.clock.pass(600_000);
    expect(run.sent).toEqual(["0 resume"]);
  });

  test("an executing run is not resumed, because its engine sees the decision", async () => {
    const run = new FakeRun();
    run.own.add("gate");
    resume(run);
    await run.bring(started, opened("gate"), granted("gate"));
    await run.clock.pass(60_000);
    expect(run.sent).toEqual([]);
    await run.bring(waiting);
    expect(run.sent).toHaveLength(1);
  });

  test("an outage is waited out, and a refusal is an error", async () => {
    const run = new FakeRun();
    run.own.add("gate");
    run.answers = [outage()];
    const result = resume(run);
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    await run.clock.pass(2000);
    expect(run.sent).toEqual(["0 resume", "2000 resume"]);
    run.answers = [
      new HttpError({ status: 404, code: "RUN_NOT_FOUND", serverMessage: "gone", method: "POST", path: "/" }),
    ];
    await run.bring(started, opened("next"), waiting);
    run.own.add("next");
    await run.bring(granted("next"));
    await run.clock.pass(10);
    expect(result.error).toBeInstanceOf(HttpError);
  });

  test("by someone else, the run is not resumed with `own`", async () => {
    const run = new FakeRun();
    resume(run, { which: "own" });
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    await run.clock.pass(600_000);
    expect(run.sent).toEqual([]);
  });
});

describe("a run that waits for something other than an approval", () => {
  const blockedBy = (blocked: { kind: string; [field: string]: unknown }) => ({
    state: "waiting-event",
    computedAt: "2026-01-01T00:00:00.000Z",
    blocked: { nodeId: "node", ...blocked },
  });
  const stopped = (status: string) => ({ type: "RunStatusChanged", status });

  test("is resumed for a signal after 5 s, 10 s, … and finally every five minutes", async () => {
    const run = new FakeRun();
    run.runState = blockedBy({ kind: "event" });
    const { told } = resume(run);
    await run.bring(started, stopped("waiting-event"));
    const times: number[] = [];
    for (let resumes = 1; resumes <= 9; resumes++) {
      while (run.sent.length < resumes) await run.clock.pass(1000);
      times.push(Number(run.sent.at(-1)?.split(" ")[0]));
      await run.bring(started, stopped("waiting-event"));
    }
    const pauses = times.map((at, index) => Math.round((at - (times[index - 1] ?? 0)) / 1000));
    expect(pauses.slice(0, 7)).toEqual([5, 10, 20, 40, 80, 160, 300]);
    expect(pauses.at(-1)).toBe(300);
    expect(told.filter((line) => line.startsWith("blocked"))).toEqual(["blocked by event"]);
  });

  test("is resumed for a timer when it is due by the server's clock", async () => {
    const run = new FakeRun();
    run.runState = blockedBy({ kind: "timer", wakeAt: "2026-01-01T00:01:00.000Z" });
    const { told } = resume(run);
    await run.bring(started, stopped("waiting-timer"));
    await run.clock.pass(59_000);
    expect(run.sent).toEqual([]);
    await run.clock.pass(3000);
    expect(run.sent).toEqual(["62000 resume"]);
    expect(told).toEqual(["blocked by timer", "resumed for timer"]);
  });

  test("is not resumed for a quota whose reset time is unknown", async () => {
    const run = new FakeRun();
    run.runState = blockedBy({ kind: "quota" });
    resume(run);
    await run.bring(started, stopped("waiting-quota"));
    await run.clock.pass(3_600_000);
    expect(run.sent).toEqual([]);
  });

  test("gets no requests if a person paused it", async () => {
    const run = new FakeRun();
    run.runState = blockedBy({ kind: "event" });
    resume(run);
    await run.bring(started, stopped("paused"));
    await run.clock.pass(3_600_000);
    expect(run.statusAsked).toBe(0);
    expect(run.sent).toEqual([]);
  });

  test("is not resumed if it was paused during the wait for a signal", async () => {
    const run = new FakeRun();
    run.runState = blockedBy({ kind: "event" });
    resume(run);
    await run.bring(started, stopped("waiting-event"));
    run.status = "paused";
    await run.clock.pass(3_600_000);
    expect(run.sent).toEqual([]);
  });

  test("gets no further status requests during the wait", async () => {
    const run = new FakeRun();
    run.runState = blockedBy({ kind: "timer", wakeAt: "2026-01-01T01:00:00.000Z" });
    resume(run);
    await run.bring(started, stopped("waiting-timer"));
    await run.clock.pass(1_800_000);
    expect(run.statusAsked).toBe(1);
  });
});

describe("on a server that resumes runs by itself", () => {
  const decided = { blocked: { kind: "approval-decided-resume-required", nodeId: "gate" } };
  function selfResuming(): FakeRun {
    const run = new FakeRun();
    run.goesOn = true;
    return run;
  }

  test("a run has two seconds to continue, even after a decision of our own", async () => {
    const run = selfResuming();
    run.own.add("gate");
    const { told } = resume(run);
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    await run.clock.pass(1999);
    await run.bring(started);
    await run.clock.pass(60_000);
    expect(run.sent).toEqual([]);
    expect(told).toEqual([]);
  });

  test("a resume is sent if the run does not continue", async () => {
    const run = selfResuming();
    run.own.add("gate");
    const { told } = resume(run);
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    await run.clock.pass(2000);
    await run.bring(started);
    await run.clock.pass(60_000);
    expect(run.sent).toEqual(["2000 resume"]);
    expect(told).toEqual(["resumed for decision"]);
  });

  test("a run that does not continue within five seconds of the resume is reported once", async () => {
    const run = selfResuming();
    run.runState = { state: "waiting-event", ...decided };
    const { told } = resume(run);
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    await run.clock.pass(6999);
    expect(told).toEqual(["resumed for decision"]);
    await run.clock.pass(1);
    await run.bring({ type: "RunStatusChanged", status: "waiting-event" });
    await run.clock.pass(600_000);
    expect(told).toEqual(["resumed for decision", "blocked by approval-decided-resume-required"]);
    expect(run.sent).toEqual(["2000 resume"]);
  });

  test("a run that continues within that time is not reported, whatever its status says next", async () => {
    const run = selfResuming();
    run.runState = { state: "waiting-event", ...decided };
    const { told } = resume(run);
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    await run.clock.pass(3000);
    await run.bring({ type: "FrameCommitted", frameNo: 2 }, started);
    await run.clock.pass(60_000);
    expect(told).toEqual(["resumed for decision"]);
  });

  test("a decision that the status shows before its event arrives is not reported", async () => {
    const run = selfResuming();
    run.runState = { state: "waiting-event", ...decided };
    const { told } = resume(run);
    await run.bring(started, opened("gate"), { type: "RunStatusChanged", status: "waiting-event" });
    await run.clock.pass(60_000);
    expect(told).toEqual([]);
  });

  test("a resume that comes after the end of the run is not an error", async () => {
    const run = selfResuming();
    run.answers = [
      new HttpError({ status: 409, code: "RUN_ENDED", serverMessage: "", method: "POST", path: "/" }),
    ];
    const result = resume(run);
    await run.bring(started, opened("gate"), waiting, granted("gate"));
    await run.clock.pass(2000);
    expect(run.sent).toEqual(["2000 resume"]);
    expect(result.error).toBeUndefined();
  });

  test("a timer is left to the server, which checks every 15 seconds", async () => {
    const run = selfResuming();
    const computedAt = new Date(1_700_000_000_000).toISOString();
    const wakeAt = new Date(1_700_000_010_000).toISOString();
    run.runState = { state: "waiting-timer", computedAt, blocked: { kind: "timer", nodeId: "nap", wakeAt } };
    resume(run);
    await run.bring(started, { type: "RunStatusChanged", status: "waiting-timer" });
    await run.clock.pass(29_999);
    expect(run.sent).toEqual([]);
    await run.clock.pass(1);
    expect(run.sent).toEqual(["30000 resume"]);
  });
});
