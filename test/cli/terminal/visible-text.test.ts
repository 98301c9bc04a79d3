import { expect, test } from "vitest";
import { safeJson, visibleMessage, visibleText } from "../../../src/cli/terminal/visible-text.js";

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
])("%s is spelled out", (_, text, shown) => {
  expect(visibleText(text)).toBe(shown);
});

test.each(["plain", "größe", "日本語", "👩‍👩‍👧 family", "e\u0301"])("%s stays as it is", (text) => {
  expect(visibleText(text)).toBe(text);
});

test("a long message is cut, and says how much of it is left out", () => {
  expect(visibleMessage("x\u001b")).toBe("x\\u001b");
  expect(visibleMessage("x".repeat(2000))).toBe("x".repeat(2000));
  expect(visibleMessage("x".repeat(5_000_000))).toBe(`${"x".repeat(2000)}… (4,998,000 more characters)`);
  // Not in the middle of a character.
  expect(visibleMessage(`${"x".repeat(1999)}🚀`)).toBe(`${"x".repeat(1999)}… (2 more characters)`);
});

test("JSON keeps its meaning when its controls are escaped", () => {
  const value = { text: "\u009b31m\u007f\u001b" };
  expect(JSON.parse(safeJson(JSON.stringify(value)))).toEqual(value);
  expect(safeJson(JSON.stringify(value))).not.toMatch(/[\x00-\x1f\x7f-\x9f]/); // eslint-disable-line no-control-regex
});
