import { expect, test } from "vitest";
import { serverClock } from "../../../src/cli/network/server-clock.js";

const ours = Date.parse("2024-01-01T12:00:00.400Z");
const request = {
  method: "GET" as const,
  headers: {},
  signal: new AbortController().signal,
  redirect: "manual" as const,
};

/** How far ahead of ours the server's clock is estimated to be after responses with these dates. In ms. */
async function aheadAfter(dates: (string | null)[], tookMs = 20): Promise<number> {
  let now = ours;
  const answers = [...dates];
  const clock = serverClock(
    async () => {
      now += tookMs;
      return { status: 200, headers: { get: () => answers.shift() ?? null }, body: null };
    },
    () => now,
  );
  for (let left = dates.length; left > 0; left--) await clock.fetch("http://x/", request);
  return clock.now() - now;
}

test.each<[string, (string | null)[], number, number?]>([
  ["no answer", [], 0],
  ["an answer without a date", [null], 0],
  ["an answer with a date that is none", ["soon"], 0],
  ["clocks that agree", ["Mon, 01 Jan 2024 12:00:00 GMT"], 0],
  ["an answer in the second after ours", ["Mon, 01 Jan 2024 12:00:01 GMT"], 580],
  ["a slow answer, made in the second in which it was asked for", ["Mon, 01 Jan 2024 12:00:00 GMT"], 0, 9000],
  ["our clock ahead by 3 minutes", ["Mon, 01 Jan 2024 11:57:00 GMT"], -179_400],
  ["our clock behind by 3 minutes", ["Mon, 01 Jan 2024 12:03:00 GMT"], 179_580],
  ["the newest of several", ["Mon, 01 Jan 2024 11:57:00 GMT", "Mon, 01 Jan 2024 12:00:00 GMT", null], 0],
])("estimates the server's clock: %s", async (_, dates, ahead, tookMs) => {
  expect(await aheadAfter(dates, tookMs)).toBe(ahead);
});
