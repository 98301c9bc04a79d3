import { afterEach, describe, expect, test } from "vitest";
import {
  decideApprovals,
  type ApprovalRules,
  type ApprovalDecision,
} from "../../../src/client/follow/approval-decider.js";
import { ConnectionError, HttpError } from "../../../src/client/index.js";
import { denied, FakeRun, finished, granted, opened, started, waiting } from "./fake-run.js";

const stop = new AbortController();
const others: AbortController[] = [stop];
afterEach(() => others.forEach((each) => each.abort()));

/** Decides the approvals of a run and records which ones were asked about. */
function decide(
  run: FakeRun,
  answer: ApprovalDecision | (() => Promise<ApprovalDecision>),
  rules: Partial<ApprovalRules> = {},
) {
  const end = new AbortController();
  others.push(end);
  const asked: string[] = [];
  const decided: string[] = [];
  const questions: AbortSignal[] = [];
  const all: ApprovalRules = {
    askWhen: "reached",
    onApproval: ({ nodeId, iteration }, { signal }) => {
      asked.push(`${nodeId}#${iteration}`);
      questions.push(signal);
      return typeof answer === "function" ? answer() : answer;
    },
    onDecided: ({ nodeId }, decision) => decided.push(`${decision} ${nodeId}`),
    ...rules,
  };
  const result = { asked, decided, questions, error: undefined as unknown };
  decideApprovals(run, all, end.signal).catch((error: unknown) => {
    if (!end.signal.aborted) result.error = error;
  });
  return result;
}

const lost = () => new ConnectionError("lost", { method: "POST", path: "/", mayHaveBeenApplied: true });
const refused = () =>
  new HttpError({
    status: 500,
    code: "SERVER_ERROR",
    serverMessage: "not waiting",
    method: "POST",
    path: "/",
  });

test("an open approval is asked about once, and the answer is sent", async () => {
  const run = new FakeRun();
  const { asked, decided } = decide(run, "approve");
  await run.bring(started, opened("gate"), waiting);
  await run.clock.pass(10_000);
  expect(asked).toEqual(["gate#0"]);
  expect(run.sent).toEqual(["0 approve gate"]);
  expect(decided).toEqual(["approve gate"]);
});

test.each([["wait" as const], [{ decision: "deny" as const, note: "no" }]])(
  "the answer %j is followed",
  async (answer) => {
    const run = new FakeRun();
    decide(run, answer);
    await run.bring(started, opened("gate"), waiting);
    await run.clock.pass(10_000);
    expect(run.sent).toEqual(answer === "wait" ? [] : ["0 deny gate"]);
  },
);

describe("with a view that may be outdated", () => {
  test.each(["unproven", "ended", "unreachable"] as const)(
    "nothing is asked or sent while the check is: %s",
    async (proof) => {
      const run = new FakeRun();
      run.proof = proof;
      const { asked } = decide(run, "approve");
      await run.bring(started, opened("gate"), waiting);
      await run.clock.pass(60_000);
      expect(asked).toEqual([]);
      expect(run.sent).toEqual([]);
      run.proof = "proven";
      await run.clock.pass(5000);
      expect(run.sent).toHaveLength(1);
    },
  );

  test("an approval that the check shows as decided is not asked about", async () => {
    const run = new FakeRun();
    run.hidden = [denied("gate")];
    const { asked } = decide(run, "approve");
    await run.bring(started, opened("gate"), waiting);
    await run.clock.pass(60_000);
    expect(asked).toEqual([]);
    expect(run.sent).toEqual([]);
  });

  test("an approval that someone decides between the question and the answer is left alone", async () => {
    const run = new FakeRun();
    let answer!: (decision: ApprovalDecision) => void;
    decide(run, () => new Promise((resolve) => (answer = resolve)));
    await run.bring(started, opened("gate"), waiting);
    // Its event has not arrived yet, but the check before the decision shows it.
    run.hidden = [denied("gate")];
    answer("approve");
    await run.clock.pass(60_000);
    expect(run.sent).toEqual([]);
  });

  test("the next iteration of a loop is another approval", async () => {
    const run = new FakeRun();
    let answer!: (decision: ApprovalDecision) => void;
    const { asked } = decide(run, () => new Promise((resolve) => (answer = resolve)));
    await run.bring(started, opened("gate"), waiting);
    run.hidden = [granted("gate"), started, finished("gate"), opened("gate", 1), waiting];
    answer("approve");
    await run.clock.pass(60_000);
    expect(run.sent).toEqual([]);
    run.hidden = [];
    await run.bring(granted("gate"), started, finished("gate"), opened("gate", 1), waiting);
    expect(asked).toEqual(["gate#0", "gate#1"]);
  });
});

test("the question ends when someone else decides", async () => {
  const run = new FakeRun();
  const { questions } = decide(run, () => new Promise(() => {}));
  await run.bring(started, opened("gate"), waiting);
  expect(questions[0]?.aborted).toBe(false);
  await run.bring(granted("gate"));
  expect(questions[0]?.aborted).toBe(true);
});

test("an approval that opens again is asked about again", async () => {
  const run = new FakeRun();
  const { asked } = decide(run, "wait");
  await run.bring(started, opened("gate"), waiting);
  await run.bring(granted("gate"), started);
  await run.bring(opened("gate"), waiting);
  await run.clock.pass(1000);
  expect(asked).toEqual(["gate#0", "gate#0"]);
});

describe("an approval that 0.5.0 announces before the run reaches it", () => {
  test("is decided at once by a rule", async () => {
    const run = new FakeRun();
    decide(run, "approve", { askWhen: "announced" });
    await run.bring(started, opened("gate"));
    expect(run.sent).toEqual(["0 approve gate"]);
  });

  test("is put to a person once the run has reached it", async () => {
    const run = new FakeRun();
    const { asked } = decide(run, "approve");
    await run.bring(started, opened("gate"));
    await run.clock.pass(60_000);
    expect(asked).toEqual([]);
    await run.bring(waiting);
    expect(asked).toEqual(["gate#0"]);
  });
});

describe("a decision whose response was lost", () => {
  test("is not sent again while it is unknown whether it was applied", async () => {
    const run = new FakeRun();
    run.answers = [lost()];
    const { decided } = decide(run, "approve");
    await run.bring(started, opened("gate"), waiting);
    run.proof = "unproven";
    await run.clock.pass(60_000);
    expect(run.sent).toHaveLength(1);
    expect(decided).toEqual([]);
  });

  test("is not sent again if its event exists", async () => {
    const run = new FakeRun();
    run.answers = [lost()];
    const { decided } = decide(run, "approve");
    await run.bring(started, opened("gate"), waiting);
    run.hidden = [granted("gate")];
    await run.clock.pass(60_000);
    expect(run.sent).toHaveLength(1);
    expect(decided).toEqual(["approve gate"]);
  });

  test("is not reported as ours if the approval was decided the other way", async () => {
    const run = new FakeRun();
    run.answers = [lost()];
    const { decided } = decide(run, "approve");
    await run.bring(started, opened("gate"), waiting);
    run.hidden = [denied("gate")];
    await run.clock.pass(60_000);
    expect(run.sent).toHaveLength(1);
    expect(decided).toEqual([]);
  });

  test("is not sent again when the next approval opens", async () => {
    const run = new FakeRun();
    run.answers = [lost()];
    decide(run, "approve");
    await run.bring(started, opened("gate"), waiting);
    run.hidden = [granted("gate"), started, finished("gate"), opened("next"), waiting];
    await run.clock.pass(60_000);
    expect(run.sent).toEqual(["0 approve gate"]);
  });

  test("is sent again once it is proven not to have been applied", async () => {
    const run = new FakeRun();
    run.answers = [lost()];
    decide(run, "approve");
    await run.bring(started, opened("gate"), waiting);
    await run.clock.pass(60_000);
    expect(run.sent).toEqual(["0 approve gate", "2000 approve gate"]);
  });
});

test("a refusal may mean that someone else was faster; a second one is an error", async () => {
  const run = new FakeRun();
  run.answers = [refused(), refused()];
  const result = decide(run, "approve");
  await run.bring(started, opened("gate"), waiting);
  await run.clock.pass(1000);
  expect(result.error).toBeUndefined();
  await run.clock.pass(60_000);
  expect(run.sent).toHaveLength(2);
  expect(result.error).toBeInstanceOf(HttpError);
});

test("an error thrown by onApproval is passed on", async () => {
  const run = new FakeRun();
  const result = decide(run, () => Promise.reject(new Error("no idea")));
  await run.bring(started, opened("gate"), waiting);
  await run.clock.pass(10);
  expect(result.error).toEqual(new Error("no idea"));
});
