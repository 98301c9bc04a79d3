import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/client/errors/argument-error.js";
import { ConnectionError } from "../../../src/client/errors/connection-error.js";
import { HttpError } from "../../../src/client/errors/http-error.js";
import { ProtocolError } from "../../../src/client/errors/protocol-error.js";
import type { Reconnect } from "../../../src/client/follow/event-stream.js";
import type { Fetch } from "../../../src/client/http/fetch.js";
import { runWorkflow } from "../../../src/client/index.js";
import { streamEvents } from "../../../src/client/follow/stream-events.js";
import { cutRun, cutRuns, cuts, cuttingServer, forEachOf, recordedEvents } from "../../faults/cuts.js";
import { closedPort, event, gather, protocolServer, rawServer, sleep } from "../../faults/in-test.js";
import { answer, block, chunk, errorBody, lastChunk, streamHead } from "../../faults/raw-server.js";
import { waitUntil } from "../../wait-until.js";

test("streamEvents yields a run's events and completes when the server closes the stream", async () => {
  const server = await protocolServer();
  const events = [event(0), event(1), event(2, "RunFailed"), event(3, "RunStarted"), event(4, "RunFinished")];
  server.addRun("r1", { events: events.map((one) => JSON.stringify(one)), status: "finished" });
  const { items, error } = await gather(streamEvents({ baseUrl: server.baseUrl, runId: "r1" }));
  expect(error).toBeUndefined();
  expect(items).toEqual(events);
  // A clean end needs no further request.
  expect(server.calls.map(({ call }) => call)).toEqual(["events"]);
});

test("events arrive as they happen, across a server restart", async () => {
  const server = await protocolServer();
  server.addRun("r1");
  server.publish("r1", event(0));
  const stream = streamEvents({ baseUrl: server.baseUrl, runId: "r1", reconnectDelayMs: 20 });
  expect((await stream.next()).value).toEqual(event(0));
  const next = stream.next();
  server.publish("r1", event(1));
  expect((await next).value).toEqual(event(1));
  const afterRestart = stream.next();
  await server.stop();
  await sleep(100);
  server.publish("r1", event(2));
  await server.start();
  expect((await afterRestart).value).toEqual(event(2));
  server.setStatus("r1", "finished", 1);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

// `watchRun`, which reads the same stream, is tested with cuts at every byte. Here, a clean end is the end.
describe("a connection that is cut anywhere", () => {
  test.each(cuts.filter((cut) => cut !== "cleanEnd"))(
    "by %s loses and repeats no events",
    { timeout: 120_000 },
    async (cut) => {
      const { baseUrl } = await cuttingServer();
      await forEachOf(cutRuns(cut, 7), async (runId) => {
        const { items, error } = await gather(
          streamEvents({ baseUrl, runId, reconnectDelayMs: 1, retries: 5 }),
        );
        expect({ runId, items, error }).toEqual({ runId, items: recordedEvents, error: undefined });
      });
    },
  );
});

describe("the first connection", () => {
  test.each([400, 401, 403, 404])("%i throws at once", async (status) => {
    const server = await protocolServer();
    server.misbehave("events", { kind: "answer", status, body: errorBody("SAID", "what the server said") });
    const { items, error } = await gather(streamEvents({ baseUrl: server.baseUrl, runId: "r1" }));
    expect(items).toEqual([]);
    expect(error).toBeInstanceOf(HttpError);
    expect((error as Error).message).toContain(`HTTP ${status} SAID: what the server said`);
    expect(server.count("events")).toBe(1);
  });

  test.each([429, 500, 502, 503])("%i is retried and then throws", async (status) => {
    const server = await protocolServer();
    server.misbehave("events", ...Array.from({ length: 3 }, () => ({ kind: "answer" as const, status })));
    const { error } = await gather(streamEvents({ baseUrl: server.baseUrl, runId: "r1", retries: 1 }));
    expect(error).toMatchObject({ name: "HttpError", status });
    expect(server.count("events")).toBe(2);
  });

  test("an HTML page with status 200 is a protocol error, not an empty run", async () => {
    const server = await protocolServer();
    server.misbehave("events", { kind: "answer", status: 200, body: "<html>Log in</html>" });
    const { error } = await gather(streamEvents({ baseUrl: server.baseUrl, runId: "r1" }));
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as Error).message).toContain("text/html");
    expect(server.count("events")).toBe(1);
  });

  test("a closed port throws a ConnectionError", async () => {
    const baseUrl = `http://127.0.0.1:${await closedPort()}`;
    const { error } = await gather(streamEvents({ baseUrl, runId: "r1", retries: 1 }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ networkCode: "ECONNREFUSED", mayHaveBeenApplied: false });
  });

  test.each([-2, 1.5, NaN, Infinity, "3", null])(
    "afterSeq %j is refused before any request",
    async (afterSeq) => {
      const server = await protocolServer();
      server.addRun("r1");
      const args = { baseUrl: server.baseUrl, runId: "r1", afterSeq: afterSeq as number };
      // Some callers pass null for "not given".
      if (afterSeq === null) server.setStatus("r1", "finished", 1);
      const { error } = await gather(streamEvents(args));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error).toMatchObject({ argument: "afterSeq" });
      expect(server.calls).toEqual([]);
    },
  );
});

describe("a run that was just started", () => {
  test("is retried after a 404 until the server has recorded it", async () => {
    const server = await protocolServer();
    const { runId } = await runWorkflow({ baseUrl: server.baseUrl, workflowPath: "flow.tsx", input: {} });
    const missing = { kind: "answer" as const, status: 404, body: errorBody("NOT_FOUND", "Run not found") };
    server.misbehave("events", missing, missing, missing);
    server.publish(runId, event(0));
    server.setStatus(runId, "finished", 1);
    const { items } = await gather(streamEvents({ baseUrl: server.baseUrl, runId, retries: 0 }));
    expect(items).toEqual([event(0)]);
    expect(server.count("events")).toBe(4);
  });

  test("is an error with an explanation if it is not recorded within 2 s", async () => {
    const server = await protocolServer();
    const { runId } = await runWorkflow({ baseUrl: server.baseUrl, workflowPath: "flow.tsx", input: {} });
    server.runs.delete(runId);
    const { error } = await gather(streamEvents({ baseUrl: server.baseUrl, runId, retries: 0 }));
    expect(error).toMatchObject({
      status: 404,
      message: expect.stringContaining("never recorded") as string,
    });
    expect(server.count("events")).toBeGreaterThan(5);
  });

  test("does not use up the retries for outages while it is waited for", async () => {
    const server = await protocolServer();
    const { runId } = await runWorkflow({ baseUrl: server.baseUrl, workflowPath: "flow.tsx", input: {} });
    const missing = { kind: "answer" as const, status: 404 };
    server.misbehave("events", missing, missing, missing, { kind: "answer", status: 503 });
    server.setStatus(runId, "finished", 1);
    const { error } = await gather(streamEvents({ baseUrl: server.baseUrl, runId, retries: 1 }));
    expect(error).toBeUndefined();
  });
});

describe("ending early", () => {
  test.each([
    ["a break", (stream: AsyncGenerator) => stream.return(undefined)],
    ["a throw inside the loop", (stream: AsyncGenerator) => stream.throw(new Error("mine")).catch(() => {})],
  ])("%s closes the socket", async (_, leave) => {
    const server = await rawServer((_, socket) =>
      socket.write(streamHead + chunk(block(event(0))).toString()),
    );
    // Nothing else closes it before the test times out.
    const stream = streamEvents({ baseUrl: server.baseUrl, runId: "r1", idleTimeoutMs: 3_600_000 });
    await stream.next();
    const [socket] = server.sockets;
    const closed = new Promise((resolve) => socket?.on("close", resolve));
    await leave(stream);
    await closed;
  });

  test("an abort closes the socket and throws the signal's reason", async () => {
    const server = await rawServer((_, socket) =>
      socket.write(streamHead + chunk(block(event(0))).toString()),
    );
    const controller = new AbortController();
    const stream = streamEvents({ baseUrl: server.baseUrl, runId: "r1", signal: controller.signal });
    await stream.next();
    const reason = new Error("enough");
    const rest = gather(stream);
    controller.abort(reason);
    expect((await rest).error).toBe(reason);
    await waitUntil(() => server.sockets.size === 0);
  });

  test("an abort while the consumer is busy ends the loop at its next iteration", async () => {
    const server = await rawServer((_, socket) =>
      socket.write(streamHead + chunk(block(event(0))).toString()),
    );
    const controller = new AbortController();
    const { items, error } = await gather(
      (async function* () {
        for await (const one of streamEvents({
          baseUrl: server.baseUrl,
          runId: "r1",
          signal: controller.signal,
        })) {
          controller.abort(new Error("enough"));
          await sleep(10);
          yield one;
        }
      })(),
    );
    expect(items).toHaveLength(1);
    expect(error).toEqual(new Error("enough"));
  });

  test("an abort during the wait for a reconnect ends the stream", async () => {
    const server = await rawServer((_, socket) => socket.end(streamHead + chunk(block(event(0))).toString()));
    const controller = new AbortController();
    const onReconnect = ({ delayMs }: Reconnect) => {
      expect(delayMs).toBeGreaterThan(10_000);
      setTimeout(() => controller.abort(new Error("enough")), 30);
    };
    const args = {
      baseUrl: server.baseUrl,
      runId: "r1",
      signal: controller.signal,
      reconnectDelayMs: 3_600_000,
      onReconnect,
    };
    const { error } = await gather(streamEvents(args));
    expect(error).toEqual(new Error("enough"));
  });

  test("an abort during the wait for the headers ends the stream", async () => {
    const server = await rawServer(() => {});
    const controller = new AbortController();
    const args = { runId: "r1", signal: controller.signal, timeoutMs: 3_600_000 };
    const pending = gather(streamEvents({ baseUrl: server.baseUrl, ...args }));
    await waitUntil(() => server.requests.length === 1);
    controller.abort(new Error("enough"));
    expect((await pending).error).toEqual(new Error("enough"));
  });

  test("a signal that is already aborted prevents any request", async () => {
    const server = await rawServer(() => {});
    const signal = AbortSignal.abort(new Error("before"));
    const { error } = await gather(streamEvents({ baseUrl: server.baseUrl, runId: "r1", signal }));
    expect(error).toEqual(new Error("before"));
    expect(server.requests).toEqual([]);
  });

  test("no listener is left on the caller's signal, however the stream ends", async () => {
    const { signal } = new AbortController();
    const count = () => getEventListeners(signal, "abort").length;
    let connections = 0;
    const flaky = await rawServer((_, socket) => {
      const repeated = connections > 0 ? block(event(connections - 1)) : "";
      const text = repeated + block(event(connections));
      socket.end(streamHead + chunk(text).toString() + (connections++ === 8 ? lastChunk : ""));
    });
    let most = 0;
    const args = { runId: "r1", signal, reconnectDelayMs: 1, retries: 0, maxReconnects: 2 };
    const healed = streamEvents({ ...args, baseUrl: flaky.baseUrl });
    while (!(await healed.next()).done) most = Math.max(most, count());
    expect(most, "listeners while it runs").toBeLessThanOrEqual(1);
    expect(count(), "after the end").toBe(0);

    const { baseUrl } = await cuttingServer();
    const left = streamEvents({ ...args, runId: cutRun("FIN", 300), baseUrl });
    await left.next();
    await left.return();
    expect(count(), "after a break").toBe(0);

    const refusing = await rawServer((_, socket) => socket.end(answer(404, errorBody("NOT_FOUND", "no"))));
    await gather(streamEvents({ ...args, baseUrl: refusing.baseUrl }));
    expect(count(), "after a refusal").toBe(0);

    const html = await rawServer((_, socket) => socket.end(answer(200, "<html>")));
    await gather(streamEvents({ ...args, baseUrl: html.baseUrl }));
    expect(count(), "after a page").toBe(0);

    const silent = await rawServer((_, socket) => socket.write(streamHead));
    await gather(streamEvents({ ...args, baseUrl: silent.baseUrl, idleTimeoutMs: 20 }));
    expect(count(), "after giving up").toBe(0);
  });
});

describe("a caller's own fetch", () => {
  test("may return its body as any async iterable", async () => {
    const fetch: Fetch = async () => ({
      status: 200,
      headers: new Headers({ "content-type": "text/event-stream; charset=utf-8" }),
      body: (async function* () {
        yield new TextEncoder().encode(block(event(0)));
        yield new TextEncoder().encode(block(event(1)));
      })(),
    });
    expect((await gather(streamEvents({ runId: "r1", fetch }))).items).toEqual([event(0), event(1)]);
  });

  test("is abandoned on an abort that it ignores", async () => {
    const controller = new AbortController();
    const fetch: Fetch = () => new Promise(() => {});
    const pending = gather(streamEvents({ runId: "r1", fetch, signal: controller.signal }));
    controller.abort(new Error("enough"));
    expect((await pending).error).toEqual(new Error("enough"));
  });
});
