import { describe, expect, test } from "vitest";
import {
  ConnectionError,
  HttpError,
  ProtocolError,
  streamEvents,
  TimeoutError,
  watchRun,
} from "../../../src/client/index.js";
import { OversizedAnswer } from "../../../src/client/http/request.js";
import { resolveOptions } from "../../../src/client/options.js";
import type { EventMessage } from "../../../src/client/server/event-decoder.js";
import { openEventPages } from "../../../src/client/server/gateway-events.js";
import { failure, gather, protocolServer } from "../../faults/in-test.js";
import { answer } from "../../faults/raw-server.js";
import { gatewayAnswer, played, recordedGateway, type Script } from "../../faults/recorded-gateway.js";
import { FakeClock } from "../follow/fake-run.js";

const options = resolveOptions({});

/** A run as a gateway serves it, with events in pages and a status. Records each request with its time. */
class FakePages {
  readonly path = "/v1/api/runs/r1/events";
  readonly clock = new FakeClock();
  readonly asked: string[] = [];
  events: object[] = [];
  status = "running";
  /** The errors for the next page requests, in order. */
  failures: Error[] = [];
  /** The errors for the next status requests, in order. */
  statusFailures: Error[] = [];

  open(afterSeq = -1) {
    const pages = {
      path: this.path,
      read: async (_: unknown, after: number, limit: number): Promise<EventMessage[]> => {
        this.asked.push(`${this.clock.now()} page`);
        const failure = this.failures.shift();
        if (failure !== undefined) throw failure;
        return this.page(after, limit);
      },
      status: async () => {
        this.asked.push(`${this.clock.now()} status`);
        const failure = this.statusFailures.shift();
        if (failure !== undefined) throw failure;
        return this.status;
      },
    };
    return openEventPages(options, pages, afterSeq, this.clock);
  }

  page(after: number, limit: number): EventMessage[] {
    const messages = this.events.map((event, id) => ({ id, data: JSON.stringify(event) }));
    return messages.filter(({ id }) => id > after).slice(0, limit);
  }
}

const broken = (networkCode: string) =>
  new ConnectionError("gone", { method: "GET", path: "/", networkCode, mayHaveBeenApplied: false });

const outputs = (count: number) => Array.from({ length: count }, (_, n) => ({ type: "NodeOutput", n }));
const started = { type: "RunStarted" };
const finished = { type: "RunFinished" };

describe("the events of a gateway's run", () => {
  test("of a long history arrive page after page, without pauses or status requests", async () => {
    const run = new FakePages();
    run.events = outputs(2500);
    const connection = await run.open();
    const seen: EventMessage[] = [];
    for (let page = 0; page < 3; page++) seen.push(...((await connection.next(1000)) ?? []));
    expect(seen.map(({ id }) => id)).toEqual(run.events.map((_, n) => n));
    expect(run.asked).toEqual(["0 page", "0 page", "0 page"]);
  });

  test("that are new arrive with the next page, half a second later", async () => {
    const run = new FakePages();
    run.events = [started];
    const connection = await run.open();
    await connection.next(1000);
    const next = connection.next(1000);
    run.events.push({ type: "NodeStarted" });
    await run.clock.pass(500);
    expect(await next).toEqual([{ id: 1, data: '{"type":"NodeStarted"}' }]);
    expect(run.asked).toEqual(["0 page", "0 status", "500 page"]);
  });

  test("continue if a status request fails, which the next poll repeats", async () => {
    const run = new FakePages();
    run.events = [started];
    run.statusFailures = [broken("ECONNRESET"), broken("ECONNRESET")];
    const connection = await run.open();
    await connection.next(1000);
    for (let poll = 1; poll <= 2; poll++) {
      const next = connection.next(1000);
      await run.clock.pass(500);
      expect(await next).toEqual([]);
    }
    const last = connection.next(1000);
    run.events.push(finished);
    await run.clock.pass(500);
    expect(await last).toHaveLength(1);
    expect(run.asked.filter((request) => request.endsWith("status"))).toHaveLength(3);
  });

  test("end if three status requests in a row fail, or one is refused", async () => {
    for (const failures of [3, 0]) {
      const run = new FakePages();
      run.events = [started];
      const refusal = { status: 403, code: "FORBIDDEN", serverMessage: "no", method: "GET", path: "/" };
      const outages = Array.from({ length: failures }, () => broken("ECONNRESET"));
      run.statusFailures = failures === 0 ? [new HttpError(refusal)] : outages;
      const connection = await run.open();
      await connection.next(1000);
      for (let poll = 1; poll < failures; poll++) {
        const next = connection.next(1000);
        await run.clock.pass(500);
        await next;
      }
      expect(await failure(connection.next(1000))).toBeInstanceOf(
        failures === 0 ? HttpError : ConnectionError,
      );
    }
  });

  test("include a comment for each empty page, which shows that nothing was in flight", async () => {
    const run = new FakePages();
    run.events = [started];
    const connection = await run.open();
    await connection.next(1000);
    const next = connection.next(1000);
    await run.clock.pass(500);
    expect(await next).toEqual([]);
    expect(connection.comments).toBe(1);
  });
});

describe("the end of a gateway's run", () => {
  test("is an empty page after the terminal status, requested at once if the final event was read", async () => {
    const run = new FakePages();
    run.events = [started, finished];
    run.status = "finished";
    const connection = await run.open();
    await connection.next(1000);
    expect(await connection.next(1000)).toBeUndefined();
    expect(run.asked).toEqual(["0 page", "0 status", "0 page"]);
  });

  test("is not the terminal status alone, which is written a moment before the final event", async () => {
    const run = new FakePages();
    run.events = [started];
    run.status = "finished";
    const connection = await run.open();
    await connection.next(1000);
    const next = connection.next(1000);
    await run.clock.pass(100);
    run.events.push(finished);
    await run.clock.pass(150);
    expect(await next).toHaveLength(1);
    expect(await connection.next(1000)).toBeUndefined();
  });

  test("is found even if events follow the final one, as when the run's id was started again", async () => {
    const run = new FakePages();
    run.events = [started, finished, started, { type: "FrameCommitted" }];
    run.status = "finished";
    const connection = await run.open();
    await connection.next(1000);
    const next = connection.next(1000);
    await run.clock.pass(250);
    expect(await next).toBeUndefined();
  });

  test("is not an earlier end in the history of a resumed run", async () => {
    const run = new FakePages();
    run.events = [started, { type: "RunFailed" }];
    const connection = await run.open();
    await connection.next(1000);
    const next = connection.next(1000);
    await run.clock.pass(500);
    expect(await next).toEqual([]);
  });
});

test("the status is requested every ten seconds, which keeps a gateway with an idle limit alive", async () => {
  const run = new FakePages();
  run.events = [started];
  const connection = await run.open();
  await connection.next(1000);
  for (let page = 0; page < 120; page++) {
    const next = connection.next(1000);
    await run.clock.pass(500);
    await next;
  }
  const times = run.asked.filter((each) => each.endsWith("status")).map((each) => Number.parseInt(each, 10));
  expect(times).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000]);
});

describe("a page that fails", () => {
  test.each([
    ["because it is too large", new OversizedAnswer("too large")],
    ["because it breaks off on its way", broken("ECONNRESET")],
  ])("%s is requested in smaller parts, which grow again", async (_, error) => {
    const run = new FakePages();
    run.events = outputs(450);
    run.failures = [error];
    const connection = await run.open();
    expect(await connection.next(1000)).toHaveLength(100);
    expect(await connection.next(1000)).toHaveLength(200);
    expect(await connection.next(1000)).toHaveLength(150);
  });

  test("because nothing listens is not requested again at once", async () => {
    const run = new FakePages();
    run.failures = [broken("ECONNREFUSED")];
    expect(await failure(run.open())).toMatchObject({ networkCode: "ECONNREFUSED" });
    expect(run.asked).toHaveLength(1);
  });

  test("at the start makes opening the stream fail", async () => {
    const run = new FakePages();
    run.failures = [new ProtocolError("a page of HTML")];
    expect(await failure(run.open())).toMatchObject({ code: "PROTOCOL_ERROR" });
  });

  test.each([
    [
      "silence",
      new TimeoutError({ timeoutMs: 5, method: "GET", path: "/", mayHaveBeenApplied: false }),
      "IDLE",
    ],
    ["a proxy's page", new ProtocolError("a page of HTML"), undefined],
  ])("later, for %s, breaks the connection but allows a reconnect", async (_, error, networkCode) => {
    const run = new FakePages();
    run.events = outputs(1000);
    const connection = await run.open();
    await connection.next(1000);
    run.failures = [error];
    const broken = await failure(connection.next(1000));
    expect(broken).toBeInstanceOf(ConnectionError);
    expect(broken).toMatchObject({ networkCode, mayHaveBeenApplied: false });
  });

  test("to advance is an error instead of being read forever", async () => {
    const run = new FakePages();
    run.events = outputs(10);
    run.page = () => [{ id: 3, data: "{}" }];
    expect(await failure(run.open(5))).toMatchObject({ code: "PROTOCOL_ERROR" });
  });

  test("because the connection was closed is an abort", async () => {
    const run = new FakePages();
    run.events = [started];
    const connection = await run.open();
    await connection.next(1000);
    const next = failure(connection.next(1000));
    connection.close();
    expect(await next).toMatchObject({ name: "AbortError" });
  });
});

describe("over a real socket", () => {
  const runId = "sample-1";
  const row = (seq: number, payload: object) => ({ runId, seq, event: "x", payload, timestampMs: seq });
  const page = (...rows: object[]) => gatewayAnswer(200, { ok: true, data: rows });
  const run = [{ type: "RunStarted", timestampMs: 1 }, { type: "é\u2028", "10": 1, "2": 1.5 }, finished];
  /** A run that has ended, whose pages the test may replace. */
  const ended =
    (pages: (afterSeq: number) => Buffer | "silence" | undefined): Script =>
    ({ path }, route) => {
      if (route === `GET /v1/api/runs/${runId}`) return played("run-finished");
      if (route !== `GET /v1/api/runs/${runId}/events`) return undefined;
      const afterSeq = Number(new URL(path, "http://x").searchParams.get("afterSeq") ?? -1);
      return pages(afterSeq) ?? page(...run.map((event, seq) => row(seq, event)).slice(afterSeq + 1));
    };

  test("yields the payloads and sends only the requests that the end needs", async () => {
    const gateway = await recordedGateway(ended(() => undefined));
    const { items, error } = await gather(streamEvents({ baseUrl: gateway.baseUrl, runId }));
    expect(error).toBeUndefined();
    expect(items).toEqual(run);
    expect(gateway.requests.map(({ path }) => path)).toEqual([
      `/v1/runs/${runId}/events`,
      `/v1/api/runs/${runId}/events?limit=1000`,
      `/v1/api/runs/${runId}`,
      `/v1/api/runs/${runId}/events?afterSeq=2&limit=1000`,
    ]);
  });

  test("waits out a maintenance page in the middle", async () => {
    let times = 0;
    const { baseUrl } = await recordedGateway(
      ended((afterSeq) => {
        if (afterSeq === -1) return page(...outputs(1000).map((event, seq) => row(seq, event)));
        if (times++ === 0) return answer(200, "<html>Back soon</html>");
        return page(...(afterSeq === 998 ? [row(999, { type: "NodeOutput", n: 999 })] : []));
      }),
    );
    const { items, error } = await gather(streamEvents({ baseUrl, runId, reconnectDelayMs: 10 }));
    expect(error).toBeUndefined();
    expect(items).toHaveLength(1000);
  });

  test("throws an error with the position if an event number is missing", async () => {
    const { baseUrl } = await recordedGateway(ended(() => page(row(0, started), row(2, finished))));
    const { items, error } = await gather(streamEvents({ baseUrl, runId }));
    expect(items).toHaveLength(1);
    expect(error).toMatchObject({ code: "POSITION_MOVED", position: 0 });
  });

  test("detects another gateway with other events at the same address", async () => {
    let hasMoved = false;
    const { baseUrl } = await recordedGateway(
      ended((afterSeq) => {
        if (hasMoved) return page(row(0, { type: "RunStarted", runId: "another" }));
        if (afterSeq === -1) return page(row(0, started));
        hasMoved = true;
        return answer(502, "<html>");
      }),
    );
    const { error } = await gather(watchRun({ baseUrl, runId, reconnectDelayMs: 10 }));
    expect(error).toMatchObject({ code: "POSITION_MOVED" });
  });
});

test("a history of 50,000 events takes one request per page and a few to prove its end", async () => {
  const count = 50_000;
  const server = await protocolServer({ isGateway: true });
  const events = outputs(count - 2).map((each) => JSON.stringify({ ...each, timestampMs: 2 }));
  const end = JSON.stringify({ ...finished, timestampMs: 3 });
  const run = server.addRun("long", { status: "finished", finishedAtMs: 3 });
  for (const event of [JSON.stringify({ ...started, timestampMs: 1 }), ...events, end]) run.publish(event);
  const { items, error } = await gather(watchRun({ baseUrl: server.baseUrl, runId: "long" }));
  expect(error).toBeUndefined();
  expect(items).toHaveLength(count);
  expect(server.count("events")).toBe(count / 1000 + 2);
  expect(server.count("getStatus")).toBe(2);
});
