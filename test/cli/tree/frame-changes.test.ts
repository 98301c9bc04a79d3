import { expect, test } from "vitest";
import { frameLines } from "../../../src/cli/tree/frame-changes.js";
import { element, frameOf, task } from "../frames.js";
import { styleOf } from "../style.js";

const workflow = (...children: Parameters<typeof element>[2][]) =>
  element("workflow", { name: "w" }, ...children);
const before = workflow(
  element("ralph", { id: "rounds", until: "false" }, task("draft"), task("review")),
  task("old"),
);

const lines = (...args: Parameters<typeof frameOf>) =>
  frameLines(frameOf(...args), frameOf(before), styleOf());

test("the first frame has no marks, and an unchanged frame has no lines", () => {
  expect(frameLines(frameOf(before), undefined, styleOf())).toEqual([
    "  workflow w",
    "    loop rounds",
    "      task draft",
    "      task review",
    "    task old",
  ]);
  expect(lines(before)).toBeUndefined();
});

test("marks nodes that are new, removed, moved or changed", () => {
  const loop = element(
    "ralph",
    { id: "rounds", until: "true" },
    task("draft"),
    task("extra", { needsApproval: "true" }),
  );
  expect(lines(workflow(loop, element("parallel", {}, task("review"))), { draft: 1 })).toEqual([
    "  workflow w",
    "~   loop rounds (until was false, is true)",
    "~     task draft (iteration 1) (iteration was 0, is 1)",
    "+     task extra (needs approval)",
    "+   parallel",
    "      task review",
    "-   task old",
  ]);
  expect(lines(workflow(task("draft"), task("review"), task("old")))).toEqual([
    "  workflow w",
    "-   loop rounds",
    "~   task draft (moved)",
    "~   task review (moved)",
    "    task old",
  ]);
});

test("says if a frame cannot be read or is empty", () => {
  const frame = frameOf(before);
  expect(frameLines({ ...frame, xmlJson: "{" }, undefined, styleOf())).toEqual(["  (its tree is not JSON)"]);
  expect(frameLines({ ...frame, xmlJson: "null" }, undefined, styleOf())).toEqual(["  (empty)"]);
});
