import { describe, expect, test } from "vitest";
import { formatDuration, formatTime, parseDuration } from "../../../src/cli/describe/duration.js";

describe("parseDuration", () => {
  test.each([
    ["30s", 30_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["500ms", 500],
    ["1.5s", 1500],
    ["90", 90_000],
  ])("parses '%s'", (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(["", "abc", "5x", "-5s", "0s", "5 s", "m5", "1e3s"])("refuses '%s'", (text) => {
    expect(() => parseDuration(text)).toThrow(/is not a duration/);
  });
});

test.each([
  [0, "0.0s"],
  [-5, "0.0s"],
  [1449, "1.4s"],
  [59_949, "59.9s"],
  [59_990, "1m 00s"],
  [65_000, "1m 05s"],
  [3_600_000 + 180_000, "1h 03m"],
])("formatDuration(%d)", (ms, text) => expect(formatDuration(ms)).toBe(text));

test("formatTime returns ISO 8601 to the second, or a dash for no time", () => {
  expect(formatTime(1795477514637)).toBe("2026-11-23T23:45:14Z");
  expect(formatTime(null)).toBe("-");
  expect(formatTime(Infinity)).toBe("-");
});
