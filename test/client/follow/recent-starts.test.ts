import { afterEach, expect, test, vi } from "vitest";
import { noteStart, startedRecently } from "../../../src/client/follow/recent-starts.js";

afterEach(() => void vi.useRealTimers());

test("a run may be missing for 2 s after its start, on the server where it was started", () => {
  vi.useFakeTimers();
  noteStart("http://a", "r");
  expect(startedRecently("http://a", "r")).toBe(true);
  expect(startedRecently("http://b", "r")).toBe(false);
  expect(startedRecently("http://a", "s")).toBe(false);
  vi.advanceTimersByTime(2000);
  expect(startedRecently("http://a", "r")).toBe(true);
  vi.advanceTimersByTime(1);
  expect(startedRecently("http://a", "r")).toBe(false);
});
