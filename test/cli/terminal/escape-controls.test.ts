import { describe, expect, test } from "vitest";
import { HttpError } from "../../../src/client/index.js";
import {
  escapeJsonControls,
  escapeMessage,
  escapeStack,
  escapeControls,
} from "../../../src/cli/terminal/escape-controls.js";

test.each([
  ["an escape sequence", "a\u001b[2Jb", "a\\u001b[2Jb"],
  ["a window title", "\u001b]0;owned\u0007", "\\u001b]0;owned\\u0007"],
  ["line breaks and tabs", "a\r\nb\tc", "a\\r\\nb\\tc"],
  ["an eight-bit control", "\u009b31m", "\\u009b31m"],
  [
    "turned writing",
    "\u202eevil\u202c \u2066x\u2069 \u061c\u200f",
    "\\u202eevil\\u202c \\u2066x\\u2069 \\u061c\\u200f",
  ],
  ["a line separator", "a\u2028b", "a\\u2028b"],
  ["invisible marks", "a\u200bb\ufeff", "a\\u200bb\\ufeff"],
  ["tag characters", "a\u{e0041}", "a\\u{e0041}"],
  ["half a character", "a\ud800", "a\\ud800"],
  ["what annotates between lines", "\ufff9a\ufffab\ufffb", "\\ufff9a\\ufffab\\ufffb"],
])("%s is escaped", (_, text, shown) => {
  expect(escapeControls(text)).toBe(shown);
});

test.each(["plain", "größe", "日本語", "👩‍👩‍👧 family", "e\u0301"])("%s is not changed", (text) => {
  expect(escapeControls(text)).toBe(text);
});

describe("JSON", () => {
  const parts = [
    "\u009b31m\u007f\u001b",
    "\u202egate\u202c",
    "\u2066\u061c\u200f",
    "\u2028",
    "\ufeff\u200b",
    "\u{e0041}",
    "\ufff9\ufffa\ufffb",
  ];
  const everything = { [parts.join("x")]: parts, kept: ["größe", "日本語 🚀", "👩‍👩‍👧", "\t\r\n"] };

  test("keeps its value, without characters that a terminal could act on", () => {
    for (const json of [JSON.stringify(everything), `${JSON.stringify(everything, null, "\t")}\r\n`]) {
      const safe = escapeJsonControls(json);
      expect(JSON.parse(safe)).toEqual(everything);
      expect(escapeControls(safe.replace(/[\t\r\n]/g, ""))).toBe(safe.replace(/[\t\r\n]/g, ""));
    }
  });

  test("is escaped with JSON escapes, and not changed otherwise", () => {
    expect(escapeJsonControls('["\u202e"]')).toBe('["\\u202e"]');
    expect(escapeJsonControls('["\u{e0041}"]')).toBe('["\\udb40\\udc41"]');
    expect(escapeJsonControls('["\ufff9"]')).toBe('["\\ufff9"]');
    const plain = JSON.stringify(everything.kept);
    expect(escapeJsonControls(plain)).toBe(plain);
  });
});

describe("a stack", () => {
  const hostile = "no\nerror: forged\n    at forged (file:///x.js:1:1)\r\u001b[2J";
  test.each([
    ["of an error of ours", new HttpError({ status: 400, method: "GET", path: "/", serverMessage: hostile })],
    ["of a message that grew", Object.assign(new Error(hostile), { message: `${hostile}; and more` })],
    ["of a message of one line", new TypeError("x is not a function")],
    ["of no message", new Error()],
  ])("%s has only its frames as lines", (_, error) => {
    const [first = "", ...frames] = escapeStack(error).split("\n");
    expect(first).toBe(escapeControls(String(error.stack).replace(/\n {4}at (?!forged)[^]*$/, "")));
    expect(frames.length).toBeGreaterThan(3);
    for (const frame of frames) expect(frame).toMatch(/^ {4}at (?!forged)/);
  });
});

test("a long message is truncated, and says how much is left out", () => {
  expect(escapeMessage("x\u001b")).toBe("x\\u001b");
  expect(escapeMessage("x".repeat(2200))).toBe("x".repeat(2200));
  const left = "4,998,000 more characters; --json has all of it";
  expect(escapeMessage("x".repeat(5_000_000))).toBe(`${"x".repeat(2000)}… (${left})`);
  // Never in the middle of a character.
  expect(escapeMessage(`${"x".repeat(1999)}${"🚀".repeat(200)}`)).toMatch(/^x{1999}… \(400 more/);
});
