import { expect, test } from "vitest";
import { ApprovalDesk } from "../../../src/cli/live/approval-desk.js";
import { TableKeys } from "../../../src/cli/live/table-keys.js";
import type { ApprovalDecision } from "../../../src/client/index.js";
import { styleOf } from "../style.js";

const [up, down, escape] = ["\u001b[A", "\u001b[B", "\u001b"];
const rows = ["one", "two", "three"];

/** The keys of a table with three runs; `read` is one read from the terminal, `answer` ends the open question. */
function keysWith(draws = true) {
  let read: (typed: string) => void = () => {};
  let answer: (text: string | undefined) => void = () => {};
  const prompts: string[] = [];
  const rules: unknown[] = [];
  const desk = new ApprovalDesk({
    listen: (onKeys) => void (read = onKeys),
    question: (prompt, signal, given) => {
      prompts.push(prompt);
      rules.push(given);
      return new Promise((resolve, reject) => {
        answer = resolve;
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    },
  });
  const keys: TableKeys = new TableKeys(desk, {
    rowOf: (runId) => rows.indexOf(runId),
    labelOf: (runId) => runId,
    onChange: () => {
      if (draws) keys.drawn();
    },
    columns: () => 80,
    symbols: styleOf().symbols,
  });
  const decided: [string, ApprovalDecision][] = [];
  const ask = (runId: string, name = "gate", signal = new AbortController().signal) =>
    desk
      .ask({ runId, name, question: "Ship it?", signal })
      .then((decision) => decided.push([runId, decision]))
      .catch(() => {});
  const selected = () => rows.filter((runId) => keys.approvalsOf(runId).some(({ isSelected }) => isSelected));
  const settle = () => new Promise(setImmediate);
  return {
    ...{ keys, ask, decided, prompts, rules, selected, settle },
    read: (typed: string) => read(typed),
    answer: (text: string | undefined) => answer(text),
  };
}

test("the arrow keys select approvals in the order of the rows, from either end, and stop at the ends", () => {
  const { ask, read, selected, keys } = keysWith();
  void ask("three");
  void ask("one");
  void ask("two");
  expect(selected()).toEqual([]);
  expect(keys.hint).toBe("3 approvals wait: select with the arrows");
  const after = (typed: string) => {
    read(typed);
    return selected();
  };
  expect([down, down, "j", down, up, "k", up].map(after).flat()).toEqual([
    "one",
    "two",
    "three",
    "three",
    "two",
    "one",
    "one",
  ]);
  expect(after(escape)).toEqual([]);
  expect(after("\u001bOA")).toEqual(["three"]);
  expect(keys.hint).toBe("a approves, d denies gate: Ship it?");
});

test("a key and the end of a note decide, and send the note", async () => {
  const { ask, read, answer, decided, prompts, rules, settle, keys } = keysWith();
  void ask("one");
  void ask("two");
  read(down);
  read("d");
  expect(prompts).toEqual(["deny one gate, note: "]);
  expect(rules).toEqual([{ afterKey: true }]);
  expect(keys.hint).toMatch(/^Enter sends it/);
  // Keys go to the question now.
  for (const key of ["a", down, escape]) read(key);
  expect(prompts).toHaveLength(1);
  answer("  not today ");
  await settle();
  read(down);
  read("a");
  answer("");
  await settle();
  expect(decided).toEqual([
    ["one", { decision: "deny", note: "not today" }],
    ["two", { decision: "approve", note: undefined }],
  ]);
});

test.each([
  "A",
  "D",
  "ap",
  "aa",
  "a\r",
  "\ra",
  `${down}a`,
  "approve",
  "y",
  "\r",
  " ",
  "\u0004",
  "",
  "constructor",
])("%j decides nothing", async (typed) => {
  const { ask, read, prompts } = keysWith();
  void ask("one");
  read(down);
  read(typed);
  expect(prompts).toEqual([]);
});

test("nothing is decided if no approval is selected, or the selection is not on the screen yet", () => {
  const { ask, read, prompts } = keysWith();
  void ask("one");
  read("a");
  read("d");
  expect(prompts).toEqual([]);
  const undrawn = keysWith(false);
  void undrawn.ask("one");
  undrawn.read(down);
  undrawn.read("a");
  expect(undrawn.prompts).toEqual([]);
  undrawn.keys.drawn();
  undrawn.read("a");
  expect(undrawn.prompts).toHaveLength(1);
});

test("no other approval is selected when someone else decides the selected one", () => {
  const { ask, read, prompts, selected } = keysWith();
  const elsewhere = new AbortController();
  void ask("one", "gate", elsewhere.signal);
  void ask("two");
  read(down);
  elsewhere.abort(new Error("decided"));
  expect(selected()).toEqual([]);
  read("a");
  expect(prompts).toEqual([]);
});

test("a note that is cancelled, or comes after someone else's decision, decides nothing", async () => {
  const { ask, read, answer, decided, settle, selected } = keysWith();
  const elsewhere = new AbortController();
  void ask("one", "gate", elsewhere.signal);
  read(down);
  read("a");
  answer(undefined);
  await settle();
  expect(selected()).toEqual([]);
  read(down);
  read("a");
  elsewhere.abort(new Error("decided"));
  answer("too late");
  await settle();
  expect(decided).toEqual([]);
});
