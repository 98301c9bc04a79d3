import { expect, test } from "vitest";
import type { Session } from "../../../src/cli/command.js";
import { approvalDecider, type ApprovalOptions } from "../../../src/cli/follow/approval-policy.js";
import type { ApprovalView, ApprovalContext, ApprovalDecision } from "../../../src/client/index.js";
import { styleOf } from "../style.js";

const gate: ApprovalView = {
  nodeId: "gate",
  iteration: 0,
  requestedAtMs: 1000,
  request: { title: "Ship it?" },
  decision: null,
} as ApprovalView;

interface Asked {
  decision: ApprovalDecision;
  /** The prompts, in the order in which they were shown. */
  prompts: string[];
  notes: string[];
}

/** A session, which has a terminal if `question` is given. */
function sessionWith(note: (line: string) => void, question?: (prompt: string) => Promise<unknown>): Session {
  return {
    canPrompt: question !== undefined,
    context: { stdin: { question }, stderr: { terminal: undefined } },
    client: {},
    stderrStyle: styleOf(),
    note,
    annotate: () => {},
    ring: () => {},
    exclusively: (work: () => Promise<unknown>) => work(),
    commandLine: (...words: string[]) => `smithers-client ${words.join(" ")}`,
  } as unknown as Session;
}

/** The decision on an approval if a user gives these answers; `undefined` is the end of the input. */
async function answered(...answers: (string | undefined)[]): Promise<Asked> {
  const left = [...answers];
  const [prompts, notes]: [string[], string[]] = [[], []];
  const session = sessionWith(
    (line) => notes.push(line),
    async (prompt) => {
      prompts.push(prompt.trim());
      if (left.length === 0) throw new Error("nothing more to answer");
      return left.shift();
    },
  );
  const { decide } = approvalDecider({}, "r", session);
  const decision = await decide(gate, { signal: new AbortController().signal } as ApprovalContext);
  expect(left).toEqual([]);
  return { decision, prompts, notes };
}

const question = "approve, deny or skip? [a/d/s]";
const noteQuestion = "note (may be empty):";
const later = "to decide it later: smithers-client approve r gate";

test.each([
  ["a", "approve"],
  ["A", "approve"],
  ["approve", "approve"],
  ["  Approve\t", "approve"],
  ["d", "deny"],
  ["DENY ", "deny"],
])("%j decides", async (answer, decision) => {
  expect(await answered(answer, " looks good ")).toMatchObject({
    decision: { decision, note: "looks good" },
    prompts: [question, noteQuestion],
  });
  expect((await answered(answer, "")).decision).toEqual({ decision, note: undefined });
});

test.each(["s", "Skip", undefined])("%j decides nothing", async (answer) => {
  const { decision, prompts, notes } = await answered(answer);
  expect({ decision, prompts }).toEqual({ decision: "wait", prompts: [question] });
  expect(notes.at(-1)).toBe(later);
});

test.each([
  ...["abort", "actually no", "ask Bob first", "ap", "approved", "a.", "aa", "approve\ndeny"],
  ...["don't", "de", "denied", "do it", "stop", "sure", "y", "yes", "no", "", "  ", "\u0430"],
])("%j is not accepted: it lists the accepted answers and asks again", async (answer) => {
  const { decision, prompts, notes } = await answered(answer, "s");
  expect({ decision, prompts }).toEqual({ decision: "wait", prompts: [question, question] });
  expect(notes).toContain("please answer a or approve, d or deny, s or skip");
});

test.each(["a", "d"])("the end of the input at the note prompt decides nothing after %s", async (answer) => {
  const { decision, prompts, notes } = await answered(answer, undefined);
  expect({ decision, prompts }).toEqual({ decision: "wait", prompts: [question, noteQuestion] });
  expect(notes.at(-1)).toBe(later);
});

test("a note keeps its line breaks", async () => {
  expect((await answered("a", "one\ntwo\n")).decision).toEqual({ decision: "approve", note: "one\ntwo" });
});

test("an approval that was decided elsewhere before it could be asked about is skipped", async () => {
  const session = sessionWith(
    () => {},
    () => Promise.reject(new Error("it was asked")),
  );
  const decided = AbortSignal.abort(new Error("decided elsewhere"));
  const { decide } = approvalDecider({}, "r", session);
  await expect(decide(gate, { signal: decided } as ApprovalContext)).rejects.toThrow("decided elsewhere");
});

/** The decision on an approval without a terminal. */
async function decided(options: ApprovalOptions, nodeId = "gate"): Promise<ApprovalDecision> {
  const { decide } = approvalDecider(
    options,
    "r",
    sessionWith(() => {}),
  );
  return decide({ ...gate, nodeId }, { signal: new AbortController().signal } as ApprovalContext);
}

test.each([
  [{}, "wait"],
  [{ onApproval: "wait" }, "wait"],
  [{ onApproval: "exit" }, "wait"],
  [{ onApproval: "approve" }, "approve"],
  [{ onApproval: "deny" }, "deny"],
] as const)("without a terminal %j means %s", async (options, decision) => {
  expect(await decided(options)).toBe(decision);
});

test.each([
  ["prod", ["prod"], ["prod-eu", "eu-prod", "prod ", "prod\n", "\nprod", "Prod", "pro", "prod/eu", ""]],
  ["prod-*", ["prod-eu", "prod-", "prod-a/b", "prod-a.b"], ["prod", "preprod-eu", "x prod-eu"]],
  ["*-eu", ["prod-eu", "-eu", "team/prod-eu", ".prod-eu"], ["prod-eu-1", "prod-eu\n", "eu"]],
  ["*", ["prod", "a/b", ".hidden", "gate:prod@v1", "two\nlines", "進🚀é"], []],
  ["v?", ["v1", "v🚀", "v/"], ["v", "v12"]],
  ["a.b", ["a.b"], ["axb", "a/b", "ab"]],
  ["a+", ["a+"], ["a", "aa"]],
  ["a|b", ["a|b"], ["a", "b"]],
  ["(a)", ["(a)"], ["a"]],
  ["^a$", ["^a$"], ["a"]],
  ["gate:prod@v1", ["gate:prod@v1"], ["gate:prod@v2"]],
])("--approve-only %j approves %j, but not %j", async (glob, approved, left) => {
  const options: ApprovalOptions = { onApproval: "approve", approveOnly: [glob] };
  for (const nodeId of approved)
    expect([nodeId, await decided(options, nodeId)]).toEqual([nodeId, "approve"]);
  for (const nodeId of left) expect([nodeId, await decided(options, nodeId)]).toEqual([nodeId, "wait"]);
});

test("--approve-only given twice approves what either pattern matches", async () => {
  const options: ApprovalOptions = { onApproval: "approve", approveOnly: ["a", "b"] };
  const decisions = await Promise.all(["a", "b", "ab"].map((nodeId) => decided(options, nodeId)));
  expect(decisions).toEqual(["approve", "approve", "wait"]);
});

test.each([
  [{ approveOnly: ["x"] }, "--approve-only can only be used with --on-approval approve"],
  [{ approveOnly: ["x"], onApproval: "deny" }, "--approve-only can only be used with --on-approval approve"],
  [{ onApproval: "ask" }, "--on-approval ask needs a terminal, and text output"],
] as const)("%j is refused without a terminal", (options, message) => {
  const refused = () =>
    approvalDecider(
      { ...options } as ApprovalOptions,
      "r",
      sessionWith(() => {}),
    );
  expect(refused).toThrow(message);
});
