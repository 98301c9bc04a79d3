import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { resolveOptions, type ConnectionOptions } from "../../../src/client/options.js";
import { ConnectionError } from "../../../src/client/errors/connection-error.js";
import { HttpError } from "../../../src/client/errors/http-error.js";
import { PositionError } from "../../../src/client/errors/position-error.js";
import { ProtocolError } from "../../../src/client/errors/protocol-error.js";
import { EventStream, type Reconnect, type StreamOptions } from "../../../src/client/follow/event-stream.js";
import { event, gather, rawServer, sleep } from "../../faults/in-test.js";
import {
  answer,
  block,
  chunk,
  errorBody,
  lastChunk,
  streamHead,
  type RawServer,
} from "../../faults/raw-server.js";

/** What one connection sends, and how it ends. */
type Turn = (socket: Socket) => void;

/** Serves each connection with the next turn; the last turn also serves all later ones. */
async function server(...turns: Turn[]): Promise<RawServer> {
  return rawServer((_, socket, index) => turns[Math.min(index, turns.length - 1)]?.(socket));
}

const blocks = (...events: object[]) => chunk(events.map(block).join(""));

/** Sends events and ends the response cleanly. The connection stays open, as with the real server. */
const ending =
  (...events: object[]): Turn =>
  (socket) =>
    socket.write(
      Buffer.concat([Buffer.from(streamHead), ...events.map((one) => blocks(one)), Buffer.from(lastChunk)]),
    );

/** Sends events and breaks the connection. */
const breaking =
  (...events: object[]): Turn =>
  (socket) => {
    socket.write(Buffer.concat([Buffer.from(streamHead), ...events.map((one) => blocks(one))]));
    setTimeout(() => socket.destroy(), 20);
  };

const saying =
  (status: number, body: unknown, headers: Record<string, string> = {}): Turn =>
  (socket) =>
    socket.end(answer(status, body, { connection: "close", ...headers }));

function open(from: RawServer, options: StreamOptions & ConnectionOptions = {}): EventStream {
  const all = { baseUrl: from.baseUrl, reconnectDelayMs: 1, retries: 0, ...options };
  return new EventStream(resolveOptions(all), "r1", all);
}

/** Reads a stream to its end: the events' numbers, and the error that ended it. */
async function read(stream: EventStream): Promise<{ seen: [seq: number, n: unknown][]; error: unknown }> {
  const { items, error } = await gather(stream.read());
  return {
    seen: items.flatMap((batch) => [...batch]).map(({ seq, event }) => [seq, (event as { n?: unknown }).n]),
    error,
  };
}

const queries = ({ requests }: RawServer) => requests.map(({ path }) => path.replace(/^[^?]*/, ""));

describe("position", () => {
  test("a reconnect requests the last event again and drops it", async () => {
    const from = await server(
      breaking(event(0), event(1), event(2)),
      breaking(event(2), event(3)),
      ending(event(3)),
    );
    const { seen, error } = await read(open(from));
    expect(error).toBeUndefined();
    expect(seen).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(queries(from)).toEqual(["", "?afterSeq=1", "?afterSeq=2"]);
  });

  test("a reconnect after the first event requests the stream from its start", async () => {
    const from = await server(breaking(event(0)), ending(event(0), event(1)));
    expect((await read(open(from))).seen.map(([seq]) => seq)).toEqual([0, 1]);
    expect(queries(from)).toEqual(["", ""]);
  });

  test("the stream starts after afterSeq, also on a reconnect before the first event", async () => {
    const from = await server(breaking(), breaking(event(5)), ending(event(5), event(6)));
    const { seen } = await read(open(from, { afterSeq: 4 }));
    expect(seen).toEqual([
      [5, 5],
      [6, 6],
    ]);
    expect(queries(from)).toEqual(["?afterSeq=4", "?afterSeq=4", "?afterSeq=4"]);
  });

  test("changed numbering is an error with the position, never a silent jump", async () => {
    const from = await server(breaking(event(0), event(1)), ending(event(7), event(8)));
    const { seen, error } = await read(open(from));
    expect(seen).toHaveLength(2);
    expect(error).toBeInstanceOf(PositionError);
    expect(error).toMatchObject({ code: "POSITION_MOVED", position: 1 });
  });

  test("the server's own numbers win", async () => {
    const numbered = (id: number) => chunk(`id: ${id}\n${block(event(id))}`);
    const turn =
      (...ids: number[]): Turn =>
      (socket) => {
        socket.write(Buffer.concat([Buffer.from(streamHead), ...ids.map(numbered)]));
        setTimeout(() => socket.destroy(), 20);
      };
    // The second connection starts too early, as a server that reads its numbers differently might.
    const from = await server(turn(10, 11), turn(9, 10, 11, 12), turn(12), ending());
    const { seen, error } = await read(open(from, { maxReconnects: 3 }));
    expect(seen.map(([seq]) => seq)).toEqual([10, 11, 12]);
    expect(queries(from).slice(0, 3)).toEqual(["", "?afterSeq=10", "?afterSeq=11"]);
    // An end without the event that was requested again proves nothing.
    expect(error).toBeInstanceOf(ConnectionError);
  });

  test("a server's number beyond the expected one is a gap and an error", async () => {
    const from = await server(breaking(event(0), event(1)), (socket) =>
      socket.end(
        Buffer.concat([Buffer.from(streamHead), chunk(`id: 5\n${block(event(5))}`), Buffer.from(lastChunk)]),
      ),
    );
    expect((await read(open(from))).error).toBeInstanceOf(PositionError);
  });

  test("a clean end before the repeated event counts as a broken connection", async () => {
    const from = await server(breaking(event(0), event(1)), ending(), ending(event(1), event(2)));
    expect((await read(open(from))).seen.map(([seq]) => seq)).toEqual([0, 1, 2]);
    expect(from.requests).toHaveLength(3);
  });

  test("a clean end in the middle of an event counts as a broken connection", async () => {
    const half: Turn = (socket) =>
      socket.end(streamHead + chunk(`${block(event(0))}data: {"n":`).toString() + lastChunk);
    const from = await server(half, ending(event(0), event(1)));
    expect((await read(open(from))).seen.map(([seq]) => seq)).toEqual([0, 1]);
  });

  test("half a character is discarded with its connection", async () => {
    const text = event(0, "NodeOutput", { text: "🚀" });
    const whole = Buffer.from(block(text));
    const from = await server((socket) => {
      socket.write(
        Buffer.concat([Buffer.from(streamHead), chunk(whole.subarray(0, whole.indexOf("🚀") + 2))]),
      );
      setTimeout(() => socket.destroy(), 20);
    }, ending(text));
    const { items } = await gather(open(from).read());
    expect(items.flat().map((record) => record.event)).toEqual([text]);
  });

  test("the records carry the server's text unchanged", async () => {
    const data = '{ "type" : "Odd", "n":1.0, "text":"\\u0041" }';
    const from = await server((socket) => socket.end(streamHead + chunk(block(data)).toString() + lastChunk));
    const { items } = await gather(open(from).read());
    expect(items).toEqual([[{ seq: 0, data, event: { type: "Odd", n: 1, text: "A" } }]]);
  });
});

describe("delays", () => {
  /** Collects a stream's reconnects and stops it after `count` of them. */
  async function reconnects(from: RawServer, count: number, options: StreamOptions): Promise<Reconnect[]> {
    const seen: Reconnect[] = [];
    const controller = new AbortController();
    const onReconnect = (reconnect: Reconnect) => {
      seen.push(reconnect);
      if (seen.length === count) controller.abort(new Error("enough"));
    };
    const stream = open(from, { ...options, signal: controller.signal, onReconnect });
    expect((await read(stream)).error).toEqual(new Error("enough"));
    return seen;
  }

  const retrying =
    (retryMs: number): Turn =>
    (socket) =>
      socket.end(streamHead + chunk(`retry: ${retryMs}\n\n`).toString());

  test.each([
    { said: 200, least: 200, most: 400 },
    { said: 1, least: 100, most: 200 },
    { said: 20_000, least: 15_000, most: 30_000 },
    { said: 99_999_999, least: 30_000, most: 60_000 },
  ])("the server's retry of $said ms is honored within bounds", async ({ said, least, most }) => {
    const [first] = await reconnects(await server(retrying(said)), 1, { reconnectDelayMs: undefined });
    // The first connection brought nothing, so its delay is doubled already, then jittered down to half at most.
    expect(first?.attempt).toBe(1);
    expect(first?.delayMs).toBeGreaterThanOrEqual(least);
    expect(first?.delayMs).toBeLessThanOrEqual(most);
  });

  test("each attempt without events doubles the delay, and an event resets it", async () => {
    const from = await server(
      breaking(event(0)),
      breaking(event(0)),
      saying(503, ""),
      retrying(1000),
      breaking(event(0), event(1)),
      breaking(),
    );
    const seen = await reconnects(from, 6, { reconnectDelayMs: 8 });
    expect(seen.map(({ position, attempt }) => [position, attempt])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 0],
      [1, 1],
    ]);
    for (const { attempt, delayMs } of seen) {
      expect(delayMs).toBeGreaterThanOrEqual(4 * 2 ** attempt);
      expect(delayMs).toBeLessThanOrEqual(8 * 2 ** attempt);
    }
  });

  test("the server's Retry-After is honored", async () => {
    const from = await server(breaking(event(0)), saying(503, "", { "retry-after": "7" }));
    const [, second] = await reconnects(from, 2, {});
    expect(second?.delayMs).toBe(7000);
    expect(second?.cause).toBeInstanceOf(HttpError);
  });

  test("the stream gives up after maxReconnects attempts in a row and reports its position", async () => {
    const from = await server(breaking(event(0), event(1)), breaking(event(1)), retrying(1));
    const { seen, error } = await read(open(from, { maxReconnects: 4 }));
    expect(seen).toHaveLength(2);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      position: 1,
      message: expect.stringContaining("after event 1") as string,
    });
    // The first one brought something; four did not.
    expect(from.requests).toHaveLength(5);
  });

  test("a connection that stayed up for 5 s does not count as one, even if it brought nothing", async () => {
    const patient: Turn = (socket) => {
      socket.write(streamHead + chunk("retry: 1000\n\n").toString());
      const alive = setInterval(() => socket.write(chunk(": keep-alive\n\n")), 1000);
      setTimeout(() => socket.destroy(), 5200);
      socket.on("close", () => clearInterval(alive));
    };
    const from = await server(breaking(event(0)), breaking(), patient, breaking(), ending(event(0)));
    const { error } = await read(open(from, { maxReconnects: 2 }));
    expect(error).toBeUndefined();
  });
});

describe("the idle timeout", () => {
  test("replaces a connection that goes silent", async () => {
    const silenced: Socket[] = [];
    const silent: Turn = (socket) => {
      silenced.push(socket);
      socket.write(streamHead + blocks(event(0)).toString());
    };
    const from = await server(silent, silent, ending(event(0), event(1)));
    const causes: unknown[] = [];
    const onReconnect = ({ cause }: Reconnect) => causes.push(cause);
    const { seen } = await read(open(from, { idleTimeoutMs: 1000, onReconnect }));
    expect(seen.map(([seq]) => seq)).toEqual([0, 1]);
    expect(causes).toMatchObject([{ networkCode: "IDLE" }, { networkCode: "IDLE" }]);
    expect(silenced.map(({ closed }) => closed)).toEqual([true, true]);
  });

  test("is reset by keep-alive comments", async () => {
    const from = await server((socket) => {
      socket.write(streamHead);
      let count = 0;
      const alive = setInterval(() => {
        socket.write(chunk(": keep-alive\n\n"));
        if (++count === 10) {
          clearInterval(alive);
          socket.end(blocks(event(0)).toString() + lastChunk);
        }
      }, 100);
    });
    expect((await read(open(from, { idleTimeoutMs: 500 }))).seen).toHaveLength(1);
    expect(from.connections).toBe(1);
  });

  test("is not triggered by a slow consumer", async () => {
    const from = await server((socket) => {
      socket.write(streamHead + blocks(event(0)).toString());
      setTimeout(() => socket.end(blocks(event(1)).toString() + lastChunk), 50);
    });
    let count = 0;
    for await (const records of open(from, { idleTimeoutMs: 200 }).read()) {
      count += records.length;
      await sleep(600);
    }
    expect(count).toBe(2);
    expect(from.connections).toBe(1);
  });

  test("gives up on a server that stays silent", async () => {
    const from = await server(breaking(event(0)), (socket) => socket.write(streamHead));
    const { error } = await read(open(from, { idleTimeoutMs: 30, maxReconnects: 3 }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ position: 0, networkCode: "IDLE" });
  });
});

describe("a response other than the stream", () => {
  test.each([
    [408, "{}"],
    [425, "{}"],
    [429, "{}"],
    [500, errorBody("SERVER_ERROR", "down")],
    [502, "<html>Bad Gateway</html>"],
    [503, ""],
    [504, ""],
    [200, "<html>Log in</html>"],
    [204, ""],
    [200, { not: "a stream" }],
  ])("%i %j is an outage once the stream has been open", async (status, body) => {
    const from = await server(breaking(event(0)), saying(status, body), ending(event(0), event(1)));
    const { seen, error } = await read(open(from));
    expect(error).toBeUndefined();
    expect(seen).toHaveLength(2);
  });

  test.each([
    ["503 that asks for an hour", 503, "", { "retry-after": "3600" }],
    ["a proxy's 404", 404, "<html>Not here</html>", {}],
    ["a proxy's 403", 403, "", {}],
    ["a redirect", 302, "", { location: "/maintenance" }],
  ] as const)(
    "%s is an outage too, and is waited out for a minute at most",
    async (_, status, body, headers) => {
      const seen: Reconnect[] = [];
      const enough = new AbortController();
      const onReconnect = (reconnect: Reconnect) => {
        if (seen.push(reconnect) === 2) enough.abort(new Error("enough"));
      };
      const from = await server(breaking(event(0)), saying(status, body, headers));
      const { error } = await read(open(from, { onReconnect, signal: enough.signal }));
      expect(error).toEqual(new Error("enough"));
      expect(seen[1]).toMatchObject({ attempt: 1, cause: { status } });
      expect(seen[1]?.delayMs).toBeLessThanOrEqual(60_000);
      if ("retry-after" in headers) expect(seen[1]?.delayMs).toBe(60_000);
    },
  );

  test.each([401, 403, 404, 410])(
    "%i from the server itself ends the stream if it is repeated",
    async (status) => {
      const from = await server(breaking(event(0)), saying(status, errorBody("GONE", "no more")));
      const { seen, error } = await read(open(from));
      expect(seen).toHaveLength(1);
      expect(error).toBeInstanceOf(HttpError);
      expect(error).toMatchObject({ status });
      expect(from.requests).toHaveLength(3);
    },
  );

  test("that is a refusal is ignored unless it is repeated", async () => {
    const gone = saying(404, errorBody("NOT_FOUND", "Run not found"));
    const from = await server(breaking(event(0)), gone, ending(event(0), event(1)));
    expect(await read(open(from))).toMatchObject({
      seen: [
        [0, 0],
        [1, 1],
      ],
      error: undefined,
    });
  });
});

describe("a malformed event", () => {
  test("without data is not counted", async () => {
    const from = await server((socket) =>
      socket.end(streamHead + chunk(block(event(0)) + block("") + block(event(1))).toString() + lastChunk),
    );
    expect(await read(open(from))).toMatchObject({
      seen: [
        [0, 0],
        [1, 1],
      ],
      error: undefined,
    });
  });

  test("with a number that leaves a gap is a position error, even within one connection", async () => {
    const numbered = (id: number) => `id: ${id}\n${block(event(id))}`;
    const from = await server((socket) =>
      socket.end(streamHead + chunk(numbered(0) + numbered(1) + numbered(3)).toString() + lastChunk),
    );
    const { seen, error } = await read(open(from));
    expect(seen.map(([seq]) => seq)).toEqual([0, 1]);
    expect(error).toBeInstanceOf(PositionError);
  });

  test.each(["{", "hello", '"text"', "null", "12"])(
    "with the data %j ends the stream after the events before it",
    async (data) => {
      const from = await server((socket) =>
        socket.end(
          streamHead +
            chunk(block(event(0)) + block(event(1)) + block(data) + block(event(3))).toString() +
            lastChunk,
        ),
      );
      const { seen, error } = await read(open(from));
      expect(seen).toEqual([
        [0, 0],
        [1, 1],
      ]);
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toMatchObject({ position: 1, message: expect.stringContaining("event 2") as string });
      expect(from.requests).toHaveLength(1);
    },
  );
});
