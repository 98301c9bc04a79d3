import { expect, test } from "vitest";
import { foregroundCheck, groupsOf } from "../../../src/cli/terminal/foreground.js";

test("reads the process group and the terminal's foreground group after any process name", () => {
  expect(groupsOf("12 (node) S 1 10 9 34816 77 4194304 1 0")).toEqual([10, 77]);
  expect(groupsOf("12 (a) S 1 2 3) ) S 1 10 9 34816 10 4194304 1 0")).toEqual([10, 10]);
});

test.each([
  ["in the foreground", "  10    10\n", true],
  ["in the background", "  10    77\n", false],
  ["without a terminal", "  10    -1\n", true],
  ["with another container's terminal", "  10     0\n", true],
  ["where ps says something else", "usage: ps\n", true],
])("%s, as reported by ps", (_, output, isForeground) => {
  expect(foregroundCheck(12, "darwin", () => output)()).toBe(isForeground);
});

test("assumes the foreground if it cannot be determined", () => {
  const fails = () => {
    throw new Error("no ps here");
  };
  expect(foregroundCheck(12, "freebsd", fails)()).toBe(true);
  expect(foregroundCheck(12, "win32", fails)()).toBe(true);
});
