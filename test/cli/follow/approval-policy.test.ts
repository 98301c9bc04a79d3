import { expect, test } from "vitest";
import type { Session } from "../../../src/cli/command.js";
import { approvalDecider } from "../../../src/cli/follow/approval-policy.js";
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

/** What becomes of a gate where a person gives these answers; undefined is the end of the input. */
async function answered(...answers: (string | undefined)[]): Promise<Asked> {
  const left = [...answers];
  const [prompts, notes]: [string[], string[]] = [[], []];
  const session = {
    canPrompt: true,
    context: {
      stdin: {
        question: async (prompt: string) => {
          prompts.push(prompt.trim());
          if (left.length === 0) throw new Error("nothing more to answer");
          return left.shift();
        },
      },
      stderr: { terminal: undefined },
    },
    client: {},
    stderrStyle: styleOf(),
    note: (line: string) => void notes.push(line),
    ring: () => {},
    exclusively: (work: () => Promise<unknown>) => work(),
    commandLine: (...words: string[]) => `smithers-client ${words.join(" ")}`,
  } as unknown as Session;
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
])("%j is no answer: what is accepted is said, and it is asked again", async (answer) => {
  const { decision, prompts, notes } = await answered(answer, "s");
  expect({ decision, prompts }).toEqual({ decision: "wait", prompts: [question, question] });
  expect(notes).toContain("please answer a or approve, d or deny, s or skip");
});

test.each(["a", "d"])("the end of the input at the note decides nothing after %s", async (answer) => {
  const { decision, prompts, notes } = await answered(answer, undefined);
  expect({ decision, prompts }).toEqual({ decision: "wait", prompts: [question, noteQuestion] });
  expect(notes.at(-1)).toBe(later);
});

test("a note keeps its lines", async () => {
  expect((await answered("a", "one\ntwo\n")).decision).toEqual({ decision: "approve", note: "one\ntwo" });
});
