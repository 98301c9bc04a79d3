import { describe, expect, test } from "vitest";
import { driveRun, streamEvents, watchRecords, type WatchRunArgs } from "../../../src/client/index.js";
import { protocolServer, sleep } from "../../faults/in-test.js";
import type { ProtocolServer } from "../../faults/protocol-server.js";
import { connectionLimit } from "../../faults/follow.js";
import { waitUntil } from "../../wait-until.js";

const texts = ["done", "déjà vu", "進捗 50 %", "🚀 off it goes", "a\\nb", "\u2028", "data: event: id: 3"];

/** Makes the texts of `count` events, with multi-byte characters and spaces that a parser would drop. */
function history(count: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    const text = JSON.stringify(texts[n % texts.length]?.repeat(1 + (n % 9)));
    return `{"type":"NodeOutput","runId":"r", "n":${n},"timestampMs":${1000 + n},  "text":${text}}`;
  });
}

const finished = (n: number) => `{"type":"RunFinished","runId":"r","n":${n},"timestampMs":9000000}`;

interface Read {
  seqs: number[];
  data: string[];
}

/** Reads until the run has ended or `enough` events have arrived; `got` grows in the meantime. */
async function read(
  args: WatchRunArgs,
  enough = Infinity,
  got: Read = { seqs: [], data: [] },
): Promise<Read & { status: string | undefined }> {
  const records = watchRecords({ reconnectDelayMs: 5, ...args });
  for (;;) {
    const { done, value } = await records.next();
    if (done) return { ...got, status: value.status };
    for (const { seq, data, event } of value) {
      got.seqs.push(seq);
      got.data.push(data);
      expect(event).toEqual(JSON.parse(data));
    }
    if (got.data.length < enough) continue;
    await records.return(undefined);
    return { ...got, status: undefined };
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, seq) => seq);

function expectFewConnections(server: ProtocolServer): void {
  expect(server.requests.most).toBeLessThanOrEqual(connectionLimit);
}

describe.concurrent("a history of many pages", () => {
  // Longer than a page takes, as on a real server, so that the next page comes over a new connection.
  const pollMs = 150;

  test.for([1, 2, 199, 200, 201, 399, 400, 401, 1600, 1999, 5000])(
    "of %i events is read byte for byte, each event once",
    async (count, { onTestFinished }) => {
      const server = await protocolServer({ pollMs }, onTestFinished);
      const events = [...history(count - 1), finished(count - 1)];
      server.addRun("r", { events, status: "finished", finishedAtMs: 1 });
      const { seqs, data, status } = await read({ baseUrl: server.baseUrl, runId: "r" });
      expect(data).toEqual(events);
      expect(seqs).toEqual(upTo(count));
      expect(status).toBe("finished");
      expectFewConnections(server);
    },
  );

  test("is the same through streamEvents", async ({ onTestFinished }) => {
    const server = await protocolServer({ pollMs }, onTestFinished);
    const events = [...history(2500), finished(2500)];
    server.addRun("r", { events, status: "finished", finishedAtMs: 1 });
    const data: string[] = [];
    for await (const event of streamEvents({ baseUrl: server.baseUrl, runId: "r" }))
      data.push(JSON.stringify(event));
    expect(data).toEqual(events.map((text) => JSON.stringify(JSON.parse(text))));
    expectFewConnections(server);
  });

  test.for([0, 198, 199, 200, 1234, 2498])(
    "is read from the event after %i on",
    async (afterSeq, { onTestFinished }) => {
      const server = await protocolServer({ pollMs }, onTestFinished);
      const events = [...history(2499), finished(2499)];
      server.addRun("r", { events, status: "finished", finishedAtMs: 1 });
      const { seqs, data } = await read({ baseUrl: server.baseUrl, runId: "r", afterSeq });
      expect(data).toEqual(events.slice(afterSeq + 1));
      expect(seqs).toEqual(upTo(2500).slice(afterSeq + 1));
    },
  );

  test("does not wait for the server's next poll after a full page", async ({ onTestFinished }) => {
    // Each connection brings one page, and no more for an hour.
    const server = await protocolServer({ pollMs: 3_600_000 }, onTestFinished);
    server.addRun("r", { events: history(5000) });
    const signal = AbortSignal.timeout(50_000);
    const { data } = await read({ baseUrl: server.baseUrl, runId: "r", signal }, 5000);
    expect(data).toEqual(history(5000));
    expectFewConnections(server);
  });

  test("is read over few connections at once, however long it is", async ({ onTestFinished }) => {
    // A distant server, for which it pays to open connections ahead of time.
    const server = await protocolServer({ pollMs, onCall: () => sleep(20) }, onTestFinished);
    const events = [...history(6000), finished(6000)];
    server.addRun("r", { events, status: "finished", finishedAtMs: 1 });
    const { data } = await read({ baseUrl: server.baseUrl, runId: "r" });
    expect(data.length).toBe(events.length);
    expect(server.requests.most).toBeGreaterThan(1);
    expectFewConnections(server);
  });

  test.for([50, 500, 10_000])(
    "is read completely from a server with pages of %i events",
    async (pageSize, context) => {
      const server = await protocolServer({ pollMs, pageSize }, context.onTestFinished);
      const events = [...history(1600), finished(1600)];
      server.addRun("r", { events, status: "finished", finishedAtMs: 1 });
      const { seqs, data } = await read({ baseUrl: server.baseUrl, runId: "r" });
      expect(data).toEqual(events);
      expect(seqs).toEqual(upTo(1601));
      expectFewConnections(server);
    },
  );
});

describe.concurrent("a run that waits at an approval", () => {
  const pollMs = 50;

  /** Waits for `count` polls, one at a time: a single long wait in a busy process may leave no time for requests. */
  async function polls(count: number): Promise<void> {
    for (; count > 0; count--) await sleep(pollMs);
  }

  /** Waits until the client is idle: it has sent no request during several polls. */
  async function atRest(server: ProtocolServer): Promise<number> {
    for (;;) {
      const { total } = server.requests;
      await polls(8);
      if (server.requests.total === total) return total;
    }
  }

  test.for([
    { name: "whole pages", extra: 0 },
    { name: "a page that is not full", extra: 123 },
  ])(
    "is followed over one connection, without requests, after $name",
    async ({ extra }, { onTestFinished }) => {
      const server = await protocolServer({ pollMs }, onTestFinished);
      const events = history(2000 + extra);
      server.addRun("r", { events, status: "waiting-approval" });
      const got: Read = { seqs: [], data: [] };
      const reading = read({ baseUrl: server.baseUrl, runId: "r" }, Infinity, got);
      await waitUntil(() => got.data.length === events.length && server.openStreams === 1);
      const before = await atRest(server);
      await polls(10);
      expect(server.requests).toMatchObject({ open: 1, total: before });
      expect(server.openStreams).toBe(1);

      // More than a page at once: still each event once and in order.
      const more = history(events.length + 1000).slice(events.length);
      for (const text of more) server.publish("r", text);
      await waitUntil(() => got.data.length === events.length + more.length && server.openStreams === 1);
      await atRest(server);
      expect(server.requests.open).toBe(1);
      server.publish("r", finished(events.length + 1000));
      server.setStatus("r", "finished", 1);
      const { seqs, data, status } = await reading;
      expect(data).toEqual([...events, ...more, finished(events.length + 1000)]);
      expect(seqs).toEqual(upTo(data.length));
      expect(status).toBe("finished");
      expectFewConnections(server);
    },
  );

  test("is driven over one connection while the rule leaves the approval to others", async ({
    onTestFinished,
  }) => {
    const server = await protocolServer({ pollMs }, onTestFinished);
    const run = server.addRun("r", { script: [{ tasks: 700 }, { approvals: [{ nodeId: "review" }] }] });
    run.resume();
    let asked = 0;
    const driving = (async () => {
      const events = driveRun({
        baseUrl: server.baseUrl,
        runId: "r",
        onApproval: () => {
          asked++;
          return "wait";
        },
      });
      let count = 0;
      for (;;) {
        const { done, value } = await events.next();
        if (done) return { count, status: value.status };
        count++;
      }
    })();
    await waitUntil(() => asked === 1);
    const before = await atRest(server);
    await polls(10);
    expect(server.requests).toMatchObject({ open: 1, total: before });
    server.decide("approve", "r", "review", 0, "person");
    server.resume("r", "person");
    expect(await driving).toEqual({ count: run.events.length, status: "finished" });
    expect(asked).toBe(1);
    expectFewConnections(server);
  });
});
