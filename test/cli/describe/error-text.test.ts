import { describe, expect, test } from "vitest";
import { bodyLines, errorReport, errorTitle } from "../../../src/cli/describe/error-text.js";

const stack = (head: string, ...places: string[]) =>
  [head, ...places.map((place) => `    at ${place}`)].join("\n");

describe("an error", () => {
  test.each<[string, unknown, string, string[]]>([
    ["that is a text", "disk full", "disk full", []],
    ["that is a text of lines", "disk full\r\nof 2\tfiles\n", "disk full", ["of 2    files"]],
    ["that begins with blank lines", "\n \r\ndisk full", "disk full", []],
    ["that is nothing", null, "", []],
    ["of no message", { name: "AbortError", message: "" }, "AbortError", []],
    ["with a code alone", { code: "E1" }, "E1", []],
    ["of another shape", { why: "x" }, '{"why":"x"}', []],
    [
      "whose name says what it is",
      { name: "TypeError", message: "x is no function" },
      "TypeError: x is no function",
      [],
    ],
    ["that names itself", { name: "TypeError", message: "TypeError: x" }, "TypeError: x", []],
    [
      "with a stack, whose message is not repeated",
      { name: "Error", message: "a\nb", stack: stack("Error: a\nb", "f (x.ts:1:2)", "g (x.ts:3:4)") },
      "a",
      ["b", "    at f (x.ts:1:2)", "    at g (x.ts:3:4)"],
    ],
    [
      "whose stack has another message",
      { name: "Error", message: "now", stack: stack("Error: before", "f (x.ts:1:2)") },
      "now",
      ["    at f (x.ts:1:2)"],
    ],
    [
      "with code and details",
      { message: "full", code: "ENOSPC", details: { free: 0 } },
      "full",
      ["code: ENOSPC", 'details: {"free":0}'],
    ],
    [
      "with causes",
      { message: "a", cause: { name: "TypeError", message: "b\nc", cause: "d" } },
      "a",
      ["caused by: TypeError: b", "c", "caused by: d"],
    ],
    ["with a cause that says nothing", { message: "a", cause: {} }, "a", []],
    ["with controls", "a\u001b[2J\nb\u0007\rc\u2028d", "a\\u001b[2J", ["b\\u0007\\rc\\u2028d"]],
  ])("%s", (_, error, title, body) => {
    const report = errorReport(error);
    expect({ title: report.title, body: bodyLines(report) }).toEqual({ title, body });
    expect(errorTitle(error)).toBe(title);
  });
});

describe("a long error", () => {
  const limits = { maxLines: 3, maxLength: 100, maxFrames: 2 };

  test("is truncated after a number of lines, and says how much is left out", () => {
    const report = errorReport(Array.from({ length: 10 }, (_, index) => `line ${index}`).join("\n"), limits);
    expect(bodyLines(report)).toEqual([
      "line 1",
      "line 2",
      "line 3",
      "… (6 more lines, 42 characters; --json has all of it)",
    ]);
  });

  test("is truncated without splitting a character", () => {
    const report = errorReport(`title\n${"x".repeat(99)}😀${"y".repeat(999)}`, limits);
    expect(bodyLines(report)).toEqual(["x".repeat(99), "… (1,001 more characters; --json has all of it)"]);
  });

  test("leaves out stack frames, so that the cause stays visible", () => {
    const frames = ["a", "b", "c", "d"];
    const error = { message: "m", stack: stack("Error: m", ...frames), cause: "why" };
    expect(bodyLines(errorReport(error, { ...limits, maxLines: 10 }))).toEqual([
      "    at a",
      "    at b",
      "    … 2 more frames",
      "caused by: why",
    ]);
  });

  test("leaves out causes that are nested too deep", () => {
    let error: unknown = "last";
    for (let depth = 0; depth < 50; depth++) error = { message: `m${depth}`, cause: error };
    expect(errorReport(error).body).toHaveLength(10);
  });
});
