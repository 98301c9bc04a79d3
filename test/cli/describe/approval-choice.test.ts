import { describe, expect, test } from "vitest";
import {
  choiceProblem,
  decisionCommand,
  optionLines,
  parseRanking,
} from "../../../src/cli/describe/approval-choice.js";
import { commandLine } from "../../../src/cli/args/command-line.js";

const options = [
  { key: "blue", label: "Blue", summary: "the old cluster" },
  { key: "green" },
  { key: "red" },
];
const approval = (mode?: string, more: object = {}) => ({
  nodeId: "pick",
  iteration: 0,
  request: { ...(mode === undefined ? {} : { mode }), options, ...more },
});
const session = { commandLine: (ours: string, ...named: string[]) => commandLine(ours.split(" "), named) };

describe("a choice", () => {
  test("of one option must be one of the keys", () => {
    const pick = approval("select");
    expect(choiceProblem(pick, { selected: "green" }, true)).toBeUndefined();
    expect(choiceProblem(pick, { selected: "gree" }, true)).toBe(
      "'gree' is not an option of pick; its options are blue, green, red",
    );
    expect(choiceProblem(pick, { ranked: ["green"] }, true)).toBe(
      "pick asks for one of its options, not for a ranking",
    );
  });

  test("of a ranking must not repeat a key", () => {
    const order = approval("rank");
    expect(choiceProblem(order, { ranked: parseRanking("red, blue,green") }, true)).toBeUndefined();
    expect(choiceProblem(order, { ranked: ["red", "red"] }, true)).toBe("'red' is in the ranking twice");
    expect(choiceProblem(order, { ranked: parseRanking("red,,blue") }, true)).toContain(
      "'' is not an option",
    );
    expect(choiceProblem(order, { selected: "red" }, true)).toBe(
      "pick asks for a ranking of its options, not for one of them",
    );
  });

  test("is needed only to approve an approval that asks for one", () => {
    expect(choiceProblem(approval("select"), {}, true)).toBe(
      "pick asks for one of its options: blue, green, red",
    );
    expect(choiceProblem(approval("rank"), {}, true)).toContain("a ranking of its options, best first");
    expect(choiceProblem(approval("select"), {}, false)).toBeUndefined();
    expect(choiceProblem(approval("gate"), {}, true)).toBeUndefined();
    expect(choiceProblem(approval("gate"), { selected: "blue" }, true)).toBe(
      "pick asks for a yes or a no, not for a choice",
    );
  });

  test("is left to the server if the request does not say what it asks for", () => {
    expect(choiceProblem(approval(), { selected: "anything" }, true)).toBeUndefined();
    expect(choiceProblem({ ...approval(), request: null }, {}, true)).toBeUndefined();
    expect(choiceProblem(approval("select", { options: "none" }), { selected: "x" }, true)).toBeUndefined();
  });
});

test("lists the options with label and summary, and escapes them", () => {
  expect(optionLines(approval("select"))).toEqual(["  blue  Blue – the old cluster", "  green", "  red"]);
  const hostile = approval("select", {
    options: [{ key: "a\u001b[2J", label: "\u001b]0;x\u0007" }, 7, null],
  });
  expect(optionLines(hostile)).toHaveLength(1);
  expect(optionLines(hostile).join()).not.toContain("\u001b");
  const many = Array.from({ length: 100 }, (_, index) => ({ key: `k${index}` }));
  expect(optionLines(approval("select", { options: many })).at(-1)).toBe("  … 60 more");
});

test("suggests a command with a placeholder for the choice", () => {
  const of = (mode: string, iteration = 0) =>
    decisionCommand("approve", { ...approval(mode), iteration }, "run 1", session);
  expect(of("gate")).toBe("smithers-client approve -- 'run 1' pick");
  expect(of("select")).toBe("smithers-client approve --select <key> -- 'run 1' pick");
  expect(of("rank", 2)).toBe("smithers-client approve --iteration 2 --rank <key,key,...> -- 'run 1' pick");
  expect(decisionCommand("deny", approval("select"), "r", session)).toBe("smithers-client deny -- r pick");
});
