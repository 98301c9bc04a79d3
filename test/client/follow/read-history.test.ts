import { afterEach, describe, expect, test, vi } from "vitest";
import {
  loadRunView,
  readHistory,
  readRecords,
  type EventRecord,
  type LoadedRun,
  type RunArgs,
  type SmithersEvent,
} from "../../../src/client/index.js";
import { event, failure, protocolServer, stallingLink } from "../../faults/in-test.js";
import { block } from "../../faults/raw-server.js";
import type { ScriptStep } from "../../faults/served-run.js";

afterEach(() => void vi.useRealTimers());

async function read(args: RunArgs): Promise<LoadedRun & { records: EventRecord[] }> {
  const history = readRecords(args);
  const records: EventRecord[] = [];
  for await (const chunk of history) records.push(...chunk);
  return { records, ...(await history.ended) };
}

/** Longer than a page takes, as on a real server, so that a history arrives in pages. */
const pollMs = 50;
const waiting: ScriptStep[] = [{ tasks: 670 }, { approvals: [{ nodeId: "review" }] }];

describe.concurrent("the events up to the present", { timeout: 120_000 }, () => {
  test("of a waiting run arrive once each and in order, and end there", async ({ onTestFinished }) => {
    const server = await protocolServer({ pollMs }, onTestFinished);
    const run = server.addRun("r", { script: waiting });
    run.resume();
    const { records, view, status, asOf, position } = await read({ baseUrl: server.baseUrl, runId: "r" });
    expect(records.map(({ data }) => data)).toEqual(run.events);
    expect(records.map(({ seq }) => seq)).toEqual(run.events.map((_, seq) => seq));
    expect({ asOf, position, status: status.status }).toEqual({
      ...{ asOf: null, position: run.events.length - 1, status: "waiting-approval" },
    });
    expect({ view, status, asOf, position }).toEqual(
      await loadRunView({ baseUrl: server.baseUrl, runId: "r" }),
    );
    // No request changed the run.
    expect(server.calls.filter(({ method }) => method !== "GET")).toEqual([]);
  });

  // Over its own connection, the proof reads what is held up on the first one.
  test.for([57, 200, 2000, 2012, 2014])(
    "are the same if the connection stalls at event %i",
    async (seq, { onTestFinished }) => {
      const server = await protocolServer({ pollMs }, onTestFinished);
      const link = await stallingLink(server.baseUrl, onTestFinished);
      const run = server.addRun("r", { script: waiting });
      run.resume();
      link.stalls.set("r", { seq, bytes: 30, ms: 1800, connections: 1 });
      const { records, view, position } = await read({ baseUrl: link.baseUrl, runId: "r" });
      expect(records.map((record) => record.seq)).toEqual(run.events.map((_, at) => at));
      expect(records.map(({ data }) => data)).toEqual(run.events);
      expect(position).toBe(run.events.length - 1);
      expect(view.openApprovals).toHaveLength(1);
    },
  );

  test("of a run that continues as another one exclude that run's events", async ({ onTestFinished }) => {
    const server = await protocolServer({}, onTestFinished);
    server.addRun("old", { status: "continued", finishedAtMs: 3 });
    server.addRun("new", { status: "finished", finishedAtMs: 9 });
    server.publish("old", { type: "RunStarted", runId: "old", timestampMs: 1 });
    server.publish("old", { type: "RunContinuedAsNew", runId: "old", newRunId: "new", timestampMs: 3 });
    server.publish("old", { type: "ApprovalGranted", runId: "old", nodeId: "late", timestampMs: 4 });
    server.publish("new", { type: "RunStarted", runId: "new", timestampMs: 5 });
    const { records, view, status } = await read({ baseUrl: server.baseUrl, runId: "old" });
    expect(records.map(({ event: { type } }) => type)).toEqual([
      ...["RunStarted", "RunContinuedAsNew", "ApprovalGranted"],
    ]);
    expect({ runId: view.runId, continuedAs: view.continuedAs, status: status.status }).toEqual({
      ...{ runId: "old", continuedAs: "new", status: "continued" },
    });
  });

  test("cost one request per page and a few for the proof", async ({ onTestFinished }) => {
    const server = await protocolServer({ pollMs }, onTestFinished);
    const events = [event(0, "RunStarted", { runId: "r" })];
    for (let n = 1; n < 20_000; n++) events.push(event(n, "NodeOutput", { runId: "r", nodeId: "a" }));
    server.addRun("r", { status: "running", events: events.map((each) => JSON.stringify(each)) });
    let count = 0;
    for await (const { type } of readHistory({ baseUrl: server.baseUrl, runId: "r" })) {
      if (type === "NodeOutput") count++;
    }
    expect(count).toBe(19_999);
    // A page brings 199 new events; a slow machine makes one check per second.
    expect(server.count("events")).toBeLessThan(2 * Math.ceil(20_000 / 199));
    expect(server.count("getStatus")).toBeLessThan(60);
  });

  test("leave no connection open if the loop is left", async ({ onTestFinished }) => {
    const server = await protocolServer({ pollMs }, onTestFinished);
    server.addRun("r", { script: waiting }).resume();
    const history = readHistory({ baseUrl: server.baseUrl, runId: "r" });
    for await (const { type } of history) if (type === "NodeStarted") break;
    expect(await failure(history.ended)).toMatchObject({ name: "AbortError" });
    await vi.waitFor(() => expect(server.openStreams).toBe(0), { timeout: 20_000 });
  });
});

test("a slow reader gets every event of an executing run", async () => {
  vi.useFakeTimers();
  const events = Array.from({ length: 6000 }, (_, n) =>
    event(n, n === 0 ? "RunStarted" : "NodeOutput", { runId: "r" }),
  );
  const fetch = async (url: string) => {
    const { pathname, searchParams } = new URL(url);
    const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
    if (!pathname.endsWith("/events"))
      return json({ runId: "r", workflowName: "w", status: "running", summary: {} });
    const from = Number(searchParams.get("afterSeq") ?? -1) + 1;
    const page = events.slice(from, from + 200).map(block);
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(page.join(""))),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  const history = readRecords({ baseUrl: "http://slow.example", fetch, retries: 0, runId: "r" });
  const got: SmithersEvent[] = [];
  let ended: LoadedRun | undefined;
  const reading = (async () => {
    for await (const records of history) {
      for (const record of records) got.push(record.event);
      await vi.advanceTimersByTimeAsync(3000);
    }
    ended = await history.ended;
  })();
  for (let turn = 0; turn < 500 && ended === undefined; turn++) await vi.advanceTimersByTimeAsync(20);
  await reading;
  expect(got).toEqual(events);
  expect(ended).toMatchObject({ asOf: null, position: 5999 });
});
