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

/** Decides the approvals of a run, and notes which were asked about. */
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

test("an open approval is asked about once, and what is answered is sent", async () => {
  const run = new FakeRun();
  const { asked, decided } = decide(run, "approve");
  await run.bring(started, opened("gate"), waiting);
  await run.clock.pass(10_000);
  expect(asked).toEqual(["gate#0"]);
  expect(run.sent).toEqual(["0 approve gate"]);
  expect(decided).toEqual(["approve gate"]);
});

test.each([["wait" as const], [{ decision: "deny" as const, note: "no" }]])(
  "the answer %j",
  async (answer) => {
    const run = new FakeRun();
    decide(run, answer);
    await run.bring(started, opened("gate"), waiting);
    await run.clock.pass(10_000);
    expect(run.sent).toEqual(answer === "wait" ? [] : ["0 deny gate"]);
  },
);

describe("nothing is asked or sent on a view that is not proven", () => {
  test.each(["unproven", "ended", "unreachable"] as const)("%s", async (proof) => {
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
  });

  test("an approval that the check shows as decided is not asked about", async () => {
    const run = new FakeRun();
    run.hidden = [denied("gate")];
    const { asked } = decide(run, "approve");
    await run.bring(started, opened("gate"), waiting);
    await run.clock.pass(60_000);
    expect(asked).toEqual([]);
    expect(run.sent).toEqual([]);
  });

  test("one that somebody decides between the question and the answer is left alone", async () => {
    const run = new FakeRun();
    let answer!: (decision: ApprovalDecision) => void;
    decide(run, () => new Promise((resolve) => (answer = resolve)));
    await run.bring(started, opened("gate"), waiting);
    // Its event has not come yet; the check before the decision is sent shows it.
    run.hidden = [denied("gate")];
    answer("approve");
    await run.clock.pass(60_000);
    expect(run.sent).toEqual([]);
  });

  test("the next turn of a loop is another approval", async () => {
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

test("the question ends when somebody else decides", async () => {
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

describe("0.5.0 names an approval before the nodes in front of it have run", () => {
  test("by a rule it is decided then", async () => {
    const run = new FakeRun();
    decide(run, "approve", { askWhen: "announced" });
    await run.bring(started, opened("gate"));
    expect(run.sent).toEqual(["0 approve gate"]);
  });

  test("a person is asked when the run has reached it", async () => {
    const run = new FakeRun();
    const { asked } = decide(run, "approve");
    await run.bring(started, opened("gate"));
    await run.clock.pass(60_000);
    expect(asked).toEqual([]);
    await run.bring(waiting);
    expect(asked).toEqual(["gate#0"]);
  });
});

describe("a decision whose answer was lost", () => {
  test("is not sent again while it is not known whether it was applied", async () => {
    const run = new FakeRun();
    run.answers = [lost()];
    const { decided } = decide(run, "approve");
    await run.bring(started, opened("gate"), waiting);
    run.proof = "unproven";
    await run.clock.pass(60_000);
    expect(run.sent).toHaveLength(1);
    expect(decided).toEqual([]);
  });

  test("is not sent again if its event is there", async () => {
    const run = new FakeRun();
    run.answers = [lost()];
    const { decided } = decide(run, "approve");
    await run.bring(started, opened("gate"), waiting);
    run.hidden = [granted("gate")];
    await run.clock.pass(60_000);
    expect(run.sent).toHaveLength(1);
    expect(decided).toEqual(["approve gate"]);
  });

  test("is not taken for ours if it was decided the other way", async () => {
    const run = new FakeRun();
    run.answers = [lost()];
    const { decided } = decide(run, "approve");
    await run.bring(started, opened("gate"), waiting);
    run.hidden = [denied("gate")];
    await run.clock.pass(60_000);
    expect(run.sent).toHaveLength(1);
    expect(decided).toEqual([]);
  });

  test("is not sent again because the next gate opened meanwhile", async () => {
    const run = new FakeRun();
    run.answers = [lost()];
    decide(run, "approve");
    await run.bring(started, opened("gate"), waiting);
    run.hidden = [granted("gate"), started, finished("gate"), opened("next"), waiting];
    await run.clock.pass(60_000);
    expect(run.sent).toEqual(["0 approve gate"]);
  });

  test("is sent again once it is proven not to be there", async () => {
    const run = new FakeRun();
    run.answers = [lost()];
    decide(run, "approve");
    await run.bring(started, opened("gate"), waiting);
    await run.clock.pass(60_000);
    expect(run.sent).toEqual(["0 approve gate", "2000 approve gate"]);
  });
});

test("a refusal may mean that somebody was faster; a second one is an error", async () => {
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

test("what onApproval throws ends it", async () => {
  const run = new FakeRun();
  const result = decide(run, () => Promise.reject(new Error("no idea")));
  await run.bring(started, opened("gate"), waiting);
  await run.clock.pass(10);
  expect(result.error).toEqual(new Error("no idea"));
});
