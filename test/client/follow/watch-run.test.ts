import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { ConnectionError } from "../../../src/client/errors/connection-error.js";
import { HttpError } from "../../../src/client/errors/http-error.js";
import type { Reconnect } from "../../../src/client/follow/event-stream.js";
import type { Run } from "../../../src/client/results.js";
import type { SmithersEvent } from "../../../src/client/events.js";
import { isTerminalStatus } from "../../../src/client/view/run-status.js";
import { watchRecords, watchRun, type WatchRunArgs } from "../../../src/client/follow/watch-run.js";
import { cutRuns, cuts, cuttingServer, forEachOf, recordedEvents } from "../../faults/cuts.js";
import { event, gather, protocolServer, rawServer, sleep } from "../../faults/in-test.js";
import type { ProtocolServer } from "../../faults/protocol-server.js";
import { answer, block, chunk, lastChunk, streamHead } from "../../faults/raw-server.js";
import { waitUntil } from "../../wait-until.js";

/** Watches to the end: the events, the last status, and the error that the watch threw. */
async function watch(
  from: { baseUrl: string },
  args: Partial<WatchRunArgs> = {},
): Promise<{ events: SmithersEvent[]; status: Run | undefined; error: unknown }> {
  const events: SmithersEvent[] = [];
  const watching = watchRun({ baseUrl: from.baseUrl, runId: "r1", reconnectDelayMs: 5, retries: 0, ...args });
  try {
    for (;;) {
      const { done, value } = await watching.next();
      if (done) return { events, status: value, error: undefined };
      events.push(value);
    }
  } catch (error) {
    return { events, status: undefined, error };
  }
}

/** Starts a server with a run that has these events. */
async function serving(
  events: object[],
  status: string,
  finishedAtMs: number | null,
): Promise<ProtocolServer> {
  const server = await protocolServer();
  server.addRun("r1", { events: events.map((one) => JSON.stringify(one)), status, finishedAtMs });
  return server;
}

describe("the end of a run", () => {
  test.each([
    ["finished", "RunFinished"],
    ["failed", "RunFailed"],
    ["cancelled", "RunCancelled"],
  ])("as %s takes one stream and one status request", async (status, type) => {
    const events = [event(0, "RunStarted"), event(1), event(2, type)];
    const server = await serving(events, status, 1002);
    const watched = await watch(server);
    expect(watched).toMatchObject({ events, status: { runId: "r1", status }, error: undefined });
    expect(server.calls.map(({ call }) => call)).toEqual(["events", "getStatus"]);
  });

  test("is not an old RunFailed in the middle of the history", async () => {
    const past = [event(0, "RunStarted"), event(1, "RunFailed"), event(2, "RunStarted"), event(3)];
    const server = await serving(past, "running", 1001);
    const watching = watch(server);
    await waitUntil(() => server.count("events") === 1);
    await sleep(50);
    server.publish("r1", event(4, "RunFinished"));
    server.setStatus("r1", "finished", 1004);
    const { events, status } = await watching;
    expect(events).toEqual([...past, event(4, "RunFinished")]);
    expect(status?.status).toBe("finished");
  });

  test("is not an old RunFailed while the event of a later failure is still to come", async () => {
    const past = [event(0, "RunStarted"), event(1, "RunFailed"), event(2, "RunStarted")];
    const server = await serving(past, "failed", 1003);
    const watching = watch(server, { reconnectDelayMs: 100 });
    await waitUntil(() => server.count("getStatus") === 1);
    server.publish("r1", event(3, "RunFailed"));
    expect((await watching).events).toEqual([...past, event(3, "RunFailed")]);
  });

  test("is not a status that is written before the final event", async () => {
    const server = await serving([event(0, "RunStarted")], "finished", 1000);
    const watching = watch(server, { reconnectDelayMs: 100 });
    await waitUntil(() => server.count("getStatus") === 1);
    server.publish("r1", event(1, "RunFinished"));
    const { events, status } = await watching;
    expect(events).toEqual([event(0, "RunStarted"), event(1, "RunFinished")]);
    expect(status?.status).toBe("finished");
  });

  test("is found despite a decision that is recorded after it", async () => {
    const events = [
      event(0, "RunStarted"),
      event(1, "RunFinished"),
      event(2, "ApprovalGranted", { nodeId: "gate" }),
    ];
    const server = await serving(events, "finished", 1001);
    const watched = await watch(server);
    expect(watched.events).toEqual(events);
    expect(server.count("getStatus")).toBe(1);
  });

  test("may be a RunStatusChanged event with a terminal status", async () => {
    const server = await serving([event(0, "RunStatusChanged", { status: "failed" })], "failed", 1000);
    expect((await watch(server)).status?.status).toBe("failed");
    expect(server.count("getStatus")).toBe(1);
  });

  test("is found despite event types that are names of JavaScript's own properties", async () => {
    const events = [event(0, "RunFinished"), event(1, "constructor"), event(2, "toString")];
    const server = await serving(events, "finished", 1000);
    expect((await watch(server)).events).toEqual(events);
    expect(server.count("getStatus")).toBe(1);
  });

  test("is taken from the status if the server writes no final event", async () => {
    const server = await serving([event(0, "RunStarted")], "finished", 1000);
    const { events, status } = await watch(server);
    expect(events).toHaveLength(1);
    expect(status?.status).toBe("finished");
    expect(server.count("events")).toBe(4);
  });

  test("is found for a run without events", async () => {
    const server = await serving([], "cancelled", 1);
    expect(await watch(server)).toMatchObject({ events: [], status: { status: "cancelled" } });
  });

  test("is waited for while the run is paused, even if its streams are closed", async () => {
    // A proxy that ends the stream cleanly after each event.
    let served = 0;
    const events = [
      event(0, "RunStarted"),
      event(1, "NodeWaitingApproval"),
      event(2),
      event(3, "RunFinished"),
    ];
    const from = await rawServer(({ path }, socket) => {
      if (!path.includes("/events")) {
        const status = served < 4 ? "waiting-approval" : "finished";
        return void socket.end(answer(200, { status, finishedAtMs: 1003 }, { connection: "close" }));
      }
      const after = Number(/afterSeq=(\d+)/.exec(path)?.[1] ?? -1);
      served = Math.min(served + 1, 4);
      const blocks = events.slice(after + 1, served).map(block);
      socket.end(streamHead + chunk(blocks.join("")).toString() + lastChunk);
    });
    expect((await watch(from)).events).toEqual(events);
  });

  test.each([
    ["running", false],
    ["paused", false],
    ["waiting-approval", false],
    ["waiting-something-new", false],
    ["finished", true],
    ["failed", true],
    ["cancelled", true],
    ["continued", true],
    ["something-new", true],
  ])("has come if the status is %s: %s", (status, over) => {
    expect(isTerminalStatus(status)).toBe(over);
  });
});

describe("a run that continues as another run", () => {
  const first = [event(0, "RunStarted"), event(1, "RunContinuedAsNew", { newRunId: "r2" })];
  const second = [event(0, "RunStarted", { runId: "r2" }), event(1, "RunFinished", { runId: "r2" })];
  const continuing = async () => {
    const server = await serving(first, "continued", 1001);
    server.addRun("r2", {
      events: second.map((one) => JSON.stringify(one)),
      status: "finished",
      finishedAtMs: 1001,
    });
    return server;
  };

  test("is followed into it, and the caller is notified", async () => {
    const server = await continuing();
    const told: unknown[] = [];
    const watched = await watch(server, { onContinued: (continued) => told.push(continued) });
    expect(watched.events).toEqual([...first, ...second]);
    expect(watched.status).toMatchObject({ runId: "r2", status: "finished" });
    expect(told).toEqual([{ runId: "r1", newRunId: "r2" }]);
  });

  test("applies afterSeq only to its own events", async () => {
    const server = await continuing();
    expect((await watch(server, { afterSeq: 0 })).events).toEqual([first[1], ...second]);
  });

  test("survives an outage at that moment and waits until the new run is recorded", async () => {
    const server = await serving(first, "continued", 1001);
    const outage = [502, 404, 500, 404].map((status) => ({ kind: "answer" as const, status }));
    const onContinued = () => {
      server.addRun("r2", {
        events: [JSON.stringify(event(0, "RunFinished"))],
        status: "finished",
        finishedAtMs: 1000,
      });
      server.misbehave(
        "events",
        ...outage,
        { kind: "reset", taken: false },
        { kind: "answer", status: 200, body: "<html>" },
      );
    };
    const { events, error } = await watch(server, { onContinued });
    expect(error).toBeUndefined();
    expect(events).toEqual([...first, event(0, "RunFinished")]);
  });
});

describe("outages", () => {
  test("every event arrives once, across server restarts", { timeout: 60_000 }, async () => {
    const server = await protocolServer();
    server.addRun("r1");
    const reconnects: Reconnect[] = [];
    const watching = watch(server, { reconnectDelayMs: 20, onReconnect: (one) => reconnects.push(one) });
    await waitUntil(() => server.count("events") > 0);
    for (let n = 0; n < 50; n++) {
      server.publish("r1", event(n));
      if (n % 10 === 5) {
        await server.stop();
        await sleep(60);
        await server.start();
        const asked = server.count("events");
        await waitUntil(() => server.count("events") > asked);
      }
    }
    server.publish("r1", event(50, "RunFinished"));
    server.setStatus("r1", "finished", 1050);
    const { events, error } = await watching;
    expect(error).toBeUndefined();
    expect(events.map((one) => (one as { n?: unknown }).n)).toEqual(Array.from({ length: 51 }, (_, n) => n));
    expect(reconnects.length).toBeGreaterThanOrEqual(5);
  });

  test.each([
    ["a server error", { kind: "answer", status: 500 }],
    ["a gateway's page", { kind: "answer", status: 502, body: "<html>Bad Gateway</html>" }],
    ["a page with status 200", { kind: "answer", status: 200, body: "<html>Log in</html>" }],
    ["JSON of something else", { kind: "answer", status: 200, body: { up: true } }],
    ["a reset", { kind: "reset", taken: false }],
    ["silence", { kind: "hang", taken: false }],
  ] as const)("%s in response to a status request is waited out", async (_, misbehaviour) => {
    const events = [event(0, "RunStarted"), event(1, "RunFinished")];
    const server = await serving(events, "finished", 1001);
    server.misbehave("getStatus", misbehaviour, misbehaviour);
    const watched = await watch(server, { timeoutMs: 300 });
    expect(watched).toMatchObject({ events, status: { status: "finished" }, error: undefined });
    expect(server.count("getStatus")).toBe(3);
  });

  test("a status request that keeps failing is given up after maxReconnects attempts", async () => {
    const server = await serving([event(0, "RunFinished")], "finished", 1000);
    server.misbehave(
      "getStatus",
      ...Array.from({ length: 50 }, () => ({ kind: "answer" as const, status: 500 })),
    );
    const { events, error } = await watch(server, { maxReconnects: 4 });
    expect(events).toHaveLength(1);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ position: 0 });
    expect(server.count("getStatus")).toBe(4);
  });

  test("a refusal is not an outage and ends the watch", async () => {
    const server = await serving([event(0, "RunFinished")], "finished", 1000);
    server.misbehave("getStatus", { kind: "answer", status: 403 });
    const { events, error } = await watch(server);
    expect(events).toHaveLength(1);
    expect(error).toBeInstanceOf(HttpError);
  });

  test("a server that does not come back ends the watch with an error that has the position", async () => {
    const server = await protocolServer();
    server.addRun("r1");
    server.publish("r1", event(0));
    const watching = watch(server, { maxReconnects: 3 });
    await waitUntil(() => server.count("events") === 1);
    await sleep(50);
    await server.stop();
    const { events, error } = await watching;
    expect(events).toEqual([event(0)]);
    expect(error).toMatchObject({ name: "ConnectionError", position: 0, networkCode: "ECONNREFUSED" });
  });
});

describe("a connection that is cut at any byte", () => {
  test.each(cuts)("by %s loses and repeats no events", { timeout: 120_000 }, async (cut) => {
    const server = await cuttingServer();
    // To `fetch`, the other cuts look much like a reset or a clean end, so every fifth byte is enough.
    const step = cut === "RST" || cut === "cleanEnd" ? 1 : 5;
    await forEachOf(cutRuns(cut, step), async (runId) => {
      const { events, status, error } = await watch(server, { runId, reconnectDelayMs: 1, retries: 5 });
      expect({ runId, events, status: status?.status, error }).toEqual({
        runId,
        events: recordedEvents,
        status: "finished",
        error: undefined,
      });
    });
  });
});

describe("ending early", () => {
  test("leaving the loop closes the socket", async () => {
    const from = await rawServer((_, socket) =>
      socket.write(streamHead + chunk(block(event(0)) + block(event(1))).toString()),
    );
    // Nothing else closes it before the test times out.
    const watching = watchRun({ baseUrl: from.baseUrl, runId: "r1", idleTimeoutMs: 3_600_000 });
    await watching.next();
    const [socket] = from.sockets;
    const closed = new Promise((resolve) => socket?.on("close", resolve));
    await watching.return(undefined);
    await closed;
  });

  test("an abort ends the watch at once, leaves no listener, and throws the signal's reason", async () => {
    const server = await protocolServer();
    server.addRun("r1");
    const controller = new AbortController();
    const watching = watch(server, { signal: controller.signal });
    await waitUntil(() => server.count("events") === 1);
    const reason = new Error("enough");
    controller.abort(reason);
    expect((await watching).error).toBe(reason);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("an abort during a status request ends the watch", async () => {
    const server = await serving([event(0, "RunFinished")], "finished", 1000);
    server.misbehave("getStatus", { kind: "hang", taken: false });
    const controller = new AbortController();
    const watching = watch(server, { signal: controller.signal });
    await waitUntil(() => server.count("getStatus") === 1);
    controller.abort(new Error("enough"));
    expect((await watching).error).toEqual(new Error("enough"));
  });
});

test("watchRecords yields each event's number and the server's original text", async () => {
  const texts = ['{ "type":"RunStarted","timestampMs":1 }', '{"type":"RunFinished","timestampMs":1e3}'];
  const server = await protocolServer();
  server.addRun("r1", { events: texts, status: "finished", finishedAtMs: 1 });
  const { items } = await gather(watchRecords({ baseUrl: server.baseUrl, runId: "r1" }));
  expect(items.flatMap((batch) => [...batch]).map(({ seq, data }) => [seq, data])).toEqual(
    texts.map((text, seq) => [seq, text]),
  );
});

test("output that is not JSON ends the watch with the position, even if the event is never read", async () => {
  const texts = ['{"type":"NodeOutput","text":"a"}', '{"type":"NodeOutput","text":"b}'];
  const server = await protocolServer();
  server.addRun("r1", { events: texts, status: "running" });
  const { items, error } = await gather(watchRecords({ baseUrl: server.baseUrl, runId: "r1" }));
  expect(items.flatMap((batch) => [...batch]).map(({ seq }) => seq)).toEqual([0]);
  expect(error).toMatchObject({ name: "ProtocolError", position: 0 });
});
