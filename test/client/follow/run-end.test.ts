import { expect, test } from "vitest";
import type { EventStream } from "../../../src/client/follow/event-stream.js";
import { RunEnd } from "../../../src/client/follow/run-end.js";
import type { SmithersEvent } from "../../../src/client/index.js";

interface Answer {
  status?: string;
  finishedAtMs?: number | null;
  /** An HTTP status to respond with instead of the run's status. */
  http?: number;
}

/** The end of a run on a server with these responses, the last of which repeats. */
function endWith(answers: Answer[], attempt = 0) {
  const left = [...answers];
  const seen = { asked: 0, pauses: 0, failedAttempts: 0 };
  const stream = {
    attempt,
    pause: async () => void seen.pauses++,
    recordFailedAttempt: () => void seen.failedAttempts++,
  } as unknown as EventStream;
  const fetch = async () => {
    seen.asked++;
    const { http = 200, ...run } = (left.length > 1 ? left.shift() : left[0]) ?? {};
    const body =
      http === 200 ? { runId: "r", ...run } : { error: { code: http === 404 ? "NOT_FOUND" : "X" } };
    return new Response(JSON.stringify(body), { status: http });
  };
  return { seen, end: new RunEnd({ runId: "r", fetch, retries: 0 }, stream) };
}

const event = (type: string, timestampMs: number, fields: object = {}) => ({
  seq: 0,
  data: "",
  event: { type, runId: "r", timestampMs, ...fields } as SmithersEvent,
});

test.each([
  ["its last event", "failed", 2000, [event("RunFailed", 2000)], true],
  ["its last event, written later", "failed", 2000, [event("RunFailed", 2001)], true],
  ["an earlier failure alone", "failed", 2000, [event("RunFailed", 1999)], false],
  ["an earlier end of another kind", "finished", 2000, [event("RunFailed", 2000)], false],
  ["its start alone", "finished", 2000, [event("RunStarted", 1000)], false],
  ["no event", "finished", 2000, [], false],
  ["an end before a resume", "failed", 2000, [event("RunFailed", 2000), event("RunStarted", 2000)], false],
  ["a decision after its end", "failed", 2000, [event("RunFailed", 2000), event("ApprovalGranted", 1)], true],
  ["a status of its own", "frozen", 2000, [event("RunStatusChanged", 2000, { status: "frozen" })], true],
  ["an event without a time", "failed", null, [event("RunFailed", NaN)], false],
  ["no end, and goes on", "running", 2000, [event("RunFailed", 2000)], false],
  ["no end, and waits", "waiting-approval", 2000, [event("RunFailed", 2000)], false],
])("a run whose stream has brought %s: %s since %s", async (_, status, finishedAtMs, records, ended) => {
  const closed = endWith([{ status, finishedAtMs }]);
  closed.end.observe(records);
  expect((await closed.end.checkAfterClose())?.status).toBe(ended ? status : undefined);
  expect(closed.seen.pauses).toBe(ended ? 0 : 1);

  // The same if connections fail.
  const cut = endWith([{ status, finishedAtMs }], 3);
  cut.end.observe(records);
  expect((await cut.end.checkAfterFailure())?.status).toBe(ended ? status : undefined);
});

test("without a final event, the status is believed after three empty closes in a row", async () => {
  const { end, seen } = endWith([{ status: "finished", finishedAtMs: 2000 }]);
  expect(await end.checkAfterClose()).toBeUndefined();
  expect(await end.checkAfterClose()).toBeUndefined();
  end.observe([event("NodeStarted", 1)]);
  expect(await end.checkAfterClose()).toBeUndefined();
  expect(await end.checkAfterClose()).toBeUndefined();
  expect(await end.checkAfterClose()).toBeUndefined();
  expect(await end.checkAfterClose()).toMatchObject({ status: "finished" });
  expect(seen).toMatchObject({ asked: 6, pauses: 5 });
});

test("a run that continues in between resets that count", async () => {
  const finished = { status: "finished", finishedAtMs: 2000 };
  const { end } = endWith([finished, finished, { status: "running" }, finished]);
  for (let close = 0; close < 5; close++) expect(await end.checkAfterClose()).toBeUndefined();
  expect(await end.checkAfterClose()).toMatchObject({ status: "finished" });
});

test("an outage is neither an end nor an error; a refusal is an error", async () => {
  const out = endWith([{ http: 503 }]);
  expect(await out.end.checkAfterClose()).toBeUndefined();
  expect(out.seen).toMatchObject({ pauses: 1, failedAttempts: 0 });
  out.end.observe([event("NodeStarted", 1)]);
  expect(await out.end.checkAfterClose()).toBeUndefined();
  expect(out.seen).toMatchObject({ pauses: 2, failedAttempts: 1 });
  expect(await endWith([{ http: 503 }], 3).end.checkAfterFailure()).toBeUndefined();
  await expect(endWith([{ http: 404 }]).end.checkAfterClose()).rejects.toThrow("404");
  await expect(endWith([{ http: 404 }], 3).end.checkAfterFailure()).rejects.toThrow("404");
});

test.each([
  [0, 0],
  [1, 0],
  [2, 0],
  [3, 1],
  [4, 0],
  [6, 1],
])("after %d failed attempts in a row, the status is requested %d times", async (attempt, asked) => {
  const { end, seen } = endWith([{ status: "running" }], attempt);
  expect(await end.checkAfterFailure()).toBeUndefined();
  expect(seen.asked).toBe(asked);
});

test.each([
  [[event("RunContinuedAsNew", 1, { newRunId: "s" })], "s"],
  [[event("RunContinuedAsNew", 1, { newRunId: "" })], undefined],
  [[event("RunContinuedAsNew", 1, { newRunId: "s" }), event("RunStarted", 2)], undefined],
  [[event("RunContinuedAsNew", 1, { newRunId: "s" }), event("NodeStarted", 2)], "s"],
])("the run that continues the work is found: %j", (records, newRunId) => {
  const { end } = endWith([]);
  end.observe(records);
  expect(end.newRunId).toBe(newRunId);
});
