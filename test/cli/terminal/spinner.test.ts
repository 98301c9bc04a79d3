import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Screen } from "../../../src/cli/terminal/screen.js";
import { Spinner } from "../../../src/cli/terminal/spinner.js";
import { styleOf } from "../style.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A spinner in a terminal with this many columns, and the lines that it shows, in order. */
function spinnerAt(columns = 80): { spinner: Spinner; shown: (string | undefined)[] } {
  const shown: (string | undefined)[] = [];
  const wait = async (line: string | undefined) => void shown.push(line);
  return { spinner: new Spinner({ columns, wait } as unknown as Screen, styleOf()), shown };
}

const work = (ms: number) => new Promise<string>((resolve) => setTimeout(() => resolve("done"), ms));
/** Lets time pass, and waits for the module that the spinner imports when it is used. */
async function passes(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await vi.dynamicImportSettled();
}

test("a short wait shows nothing", async () => {
  const { spinner, shown } = spinnerAt();
  const waiting = spinner.during("reading", work(450));
  await passes(1000);
  expect(await waiting).toBe("done");
  expect(shown).toEqual([undefined]);
});

test("a longer wait shows a moving spinner, and erases it", async () => {
  const { spinner, shown } = spinnerAt();
  const waiting = spinner.during("reading", work(850));
  await passes(499);
  expect(shown).toEqual([]);
  await passes(1);
  expect(shown).toEqual(["⠋ reading"]);
  await passes(1000);
  expect(await waiting).toBe("done");
  expect(shown.slice(0, 2)).toEqual(["⠋ reading", "⠙ reading"]);
  expect(shown.at(-1)).toBeUndefined();
});

test("consecutive waits count as one, and the newest is named", async () => {
  const { spinner, shown } = spinnerAt(12);
  const waiting = (async () => {
    await spinner.during("first", work(300));
    await spinner.during("second, in long words", spinner.during("second", work(400)));
  })();
  await passes(650);
  expect(shown.at(-1)).toMatch(/^. second, …$/);
  await passes(500);
  await waiting;
  expect(shown.at(-1)).toBeUndefined();
});

test("an error is passed on", async () => {
  const { spinner } = spinnerAt();
  await expect(spinner.during("reading", Promise.reject(new Error("no")))).rejects.toThrow("no");
});
