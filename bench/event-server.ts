/*
 * Serves events that are generated ahead of time, so that the benchmark measures the program that reads them. Runs as a
 * separate process, and sends one message to its parent: its port. The run id selects what it serves:
 *
 *   all-<events>   a finished run, as fast as it is read; after 50,000 events they repeat
 *   paced-<id>     a run that never ends, with 20 events every half second
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { makeEvents } from "../test/long-history.js";

const pollMs = 500;
const eventsEachPoll = 20;
const chunkSize = 1 << 16;

const block = (event: object) => Buffer.from(`event: smithers\ndata: ${JSON.stringify(event)}\n\n`);

type Run = ReturnType<typeof makeRun>;
const runs = new Map<string, Run>();

function findRun(runId: string): Run | undefined {
  const [, kind, size] = /^(all|paced)-(\d+)$/.exec(runId) ?? [];
  if (kind !== undefined && !runs.has(runId)) runs.set(runId, makeRun(runId, kind === "paced", Number(size)));
  return runs.get(runId);
}

function makeRun(runId: string, isPaced: boolean, total: number) {
  const events = makeEvents({ runId, events: isPaced ? 2000 : Math.min(total, 50_000), status: "running" });
  const blocks = events.map(block);
  let length = 0;
  /** The offset of each event in the text of all events. */
  const starts = blocks.map((each) => (length += each.length) - each.length);
  const [startedAtMs, lastAtMs = 0] = [events[0]?.timestampMs, events.at(-1)?.timestampMs];
  const state = isPaced ? { status: "running" } : { status: "finished", finishedAtMs: lastAtMs };
  const beginning = Date.now();
  return {
    status: { runId, workflowName: "history", startedAtMs, finishedAtMs: null, summary: {}, ...state },
    wire: Buffer.concat(blocks),
    starts,
    last: isPaced ? undefined : block({ type: "RunFinished", runId, timestampMs: lastAtMs }),
    /** Returns how many events there are by now, without the last one. */
    count: () =>
      isPaced ? eventsEachPoll * Math.floor((Date.now() - beginning) / pollMs) : Math.max(0, total - 1),
  };
}

async function* stream(run: Run, from: number): AsyncGenerator<Buffer> {
  yield Buffer.from("retry: 1000\n\n");
  for (let next = from; ;) {
    const count = run.count();
    yield* eventsBetween(run, next, count);
    if (run.last !== undefined) {
      if (from <= count) yield run.last;
      return;
    }
    next = Math.max(next, count);
    await sleep(pollMs);
  }
}

/** Yields the events from `from` up to, but not including, `to`. After the last one, they repeat from the second. */
function* eventsBetween({ wire, starts }: Run, from: number, to: number): Generator<Buffer> {
  for (let next = from; next < to;) {
    const place = next === 0 ? 0 : 1 + ((next - 1) % (starts.length - 1));
    const taken = Math.min(to - next, starts.length - place);
    const end = starts[place + taken] ?? wire.length;
    for (let at = starts[place] ?? 0; at < end; at += chunkSize) {
      yield wire.subarray(at, Math.min(end, at + chunkSize));
    }
    next += taken;
  }
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "", "http://localhost");
  const [, runId = "", route] = /^\/v1\/runs\/([^/]+)(\/events)?$/.exec(url.pathname) ?? [];
  const run = findRun(runId);
  if (run !== undefined && route !== undefined) {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    const from = Number(url.searchParams.get("afterSeq") ?? -1) + 1;
    pipeline(Readable.from(stream(run, from)), response).catch(() => {});
    return;
  }
  const error = { code: "NOT_FOUND", message: `the bench has no ${url.pathname}` };
  response.writeHead(run === undefined ? 404 : 200, { "Content-Type": "application/json" });
  response.end(JSON.stringify(run?.status ?? { error }));
});

process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
