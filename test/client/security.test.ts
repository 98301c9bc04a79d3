import type { Socket } from "node:net";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { ConnectionOptions } from "../../src/client/options.js";
import { HttpError } from "../../src/client/errors/http-error.js";
import { ProtocolError } from "../../src/client/errors/protocol-error.js";
import type { Fetch } from "../../src/client/http/fetch.js";
import { approve, getStatus, runWorkflow } from "../../src/client/index.js";
import { streamEvents } from "../../src/client/follow/stream-events.js";
import { watchRun } from "../../src/client/follow/watch-run.js";
import { closedPort, event, failure, gather, rawServer } from "../faults/in-test.js";
import {
  answer,
  block,
  chunk,
  errorBody,
  head,
  lastChunk,
  streamHead,
  type RawRequest,
} from "../faults/raw-server.js";
import { waitUntil } from "../wait-until.js";

const key = 'sk-"live"/0123+4567\\89';

/** Returns the error that a stream ended with. */
async function streamFailure(options: ConnectionOptions): Promise<unknown> {
  return (await gather(streamEvents({ ...options, runId: "r1" }))).error;
}

const calls: [string, (options: ConnectionOptions) => Promise<unknown>][] = [
  ["a read", (options) => failure(getStatus({ ...options, runId: "r1" }))],
  [
    "a start",
    (options) => failure(runWorkflow({ ...options, workflowPath: "flow.tsx", input: { secret: 1 } })),
  ],
  ["a decision", (options) => failure(approve({ ...options, runId: "r1", nodeId: "gate" }))],
  ["a stream", streamFailure],
  ["a watch", async (options) => (await gather(watchRun({ ...options, runId: "r1" }))).error],
];

describe("a redirect is refused, and its target gets neither the key nor the request", () => {
  describe.each([301, 302, 303, 307, 308])("%i", (status) => {
    test.each(calls)("%s", async (_, call) => {
      const elsewhere = await rawServer((_, socket) =>
        socket.end(answer(200, { runId: "r1", status: "finished" })),
      );
      const server = await rawServer((_, socket) =>
        socket.end(answer(status, "", { location: `${elsewhere.baseUrl}/v1/runs` })),
      );
      const error = await call({ baseUrl: server.baseUrl, apiKey: key });
      expect(error).toBeInstanceOf(HttpError);
      expect(error).toMatchObject({ status, code: "REDIRECT_REFUSED" });
      expect((error as Error).message).toContain(elsewhere.baseUrl);
      expect(server.requests).toHaveLength(1);
      expect(server.requests[0]?.headers["authorization"]).toBe(`Bearer ${key}`);
      expect(elsewhere.requests).toEqual([]);
    });
  });

  test("also in the middle of a stream", async () => {
    const elsewhere = await rawServer((_, socket) => socket.end(answer(200, "")));
    const server = await rawServer((_, socket, index) => {
      if (index > 0) return void socket.end(answer(302, "", { location: elsewhere.baseUrl }));
      socket.write(streamHead + chunk(block(event(0))).toString());
      setTimeout(() => socket.destroy(), 20);
    });
    const options = { baseUrl: server.baseUrl, apiKey: key, reconnectDelayMs: 1 };
    expect(await streamFailure(options)).toMatchObject({ cause: { code: "REDIRECT_REFUSED" } });
    expect(elsewhere.requests).toEqual([]);
  });
});

describe("oversized data is refused at the limit and not read to its end", () => {
  const size = 100 * 2 ** 20;

  /** Sends up to 100 MB of letters; `closed` resolves with how many of them were read. */
  async function flood(start: string, end = ""): Promise<{ baseUrl: string; closed: Promise<number> }> {
    let close: (sent: number) => void;
    const closed = new Promise<number>((resolve) => (close = resolve));
    const part = Buffer.alloc(2 ** 18, "x");
    const server = await rawServer((_, socket) => {
      let sent = 0;
      const send = () => {
        while (sent < size) {
          sent += part.length;
          if (!socket.write(part)) return;
        }
        if (end !== "") socket.write(end);
      };
      socket.on("drain", send);
      // Data in flight does not count as read.
      socket.on("close", () => close(socket.bytesWritten - socket.writableLength));
      socket.write(start);
      send();
    });
    return { baseUrl: server.baseUrl, closed };
  }

  /** How much may be in flight, in the buffers of the two systems and the library. */
  const onItsWay = 16 * 2 ** 20;

  test("an event", { timeout: 60_000 }, async () => {
    const untilClose = head(200, { "content-type": "text/event-stream", connection: "close" });
    const server = await flood(`${untilClose}${block(event(0))}data: "`, '"\n\n');
    const { items, error } = await gather(streamEvents({ baseUrl: server.baseUrl, runId: "r1" }));
    expect(items).toEqual([event(0)]);
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ position: 0 });
    expect((error as Error).message).toContain(`over ${64 * 2 ** 20} bytes`);
    expect(await server.closed).toBeLessThan(64 * 2 ** 20 + onItsWay);
  });

  test("a response", { timeout: 60_000 }, async () => {
    const server = await flood(`${head(200, { "content-type": "application/json" })}{"status":"`, '"}');
    const error = await failure(getStatus({ baseUrl: server.baseUrl, runId: "r1" }));
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as Error).message).toContain(`over ${64 * 2 ** 20} bytes`);
    expect(await server.closed).toBeLessThan(64 * 2 ** 20 + onItsWay);
  });

  test.each([
    ["of a request", (baseUrl: string) => failure(approve({ baseUrl, runId: "r1", nodeId: "gate" }))],
    ["of a stream", (baseUrl: string) => streamFailure({ baseUrl, retries: 0 })],
  ])("an error's body %s", { timeout: 60_000 }, async (_, call) => {
    const server = await flood(head(500, { "content-type": "text/plain", "content-length": String(size) }));
    const error = await call(server.baseUrl);
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({ status: 500 });
    expect((error as Error).message).toContain(`over ${64 * 2 ** 10} bytes, the rest refused`);
    expect((error as Error).message.length).toBeLessThan(1000);
    expect(await server.closed).toBeLessThan(onItsWay);
  });
});

describe("no error shows the key, whatever the server says", () => {
  const json = JSON.stringify(key);
  /** The key as JSON may write it, with each character as an escape. */
  const spelled = `"${[...key].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"`;
  /** The key as a URL may write it. */
  const inUrl = [...key].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join("");
  const inJson = (status: number, text: string) =>
    answer(status, text, { "content-type": "application/json" });
  const streaming = (text: string) => Buffer.from(streamHead + chunk(text).toString() + lastChunk);

  const answers: [string, (request: RawRequest) => Buffer | string][] = [
    ["an error's message", () => answer(401, errorBody("UNAUTHORIZED", `no such key: ${key}`))],
    ["an error's code", () => answer(401, errorBody(key, "no"))],
    [
      "an error's details",
      () => answer(400, { error: { code: "X", message: "y", details: { headers: [key] } } }),
    ],
    ["an error that is a text", () => answer(403, { error: `no such key: ${key}` })],
    [
      "an error in JSON's escapes",
      () => inJson(400, `{"error":{"code":"X","message":${spelled},"details":{"a":[${spelled}]}}}`),
    ],
    [
      "an escaped property name",
      () => inJson(400, `{"error":{"code":"X","message":"y","details":{${spelled}:{${spelled}:1}}}}`),
    ],
    [
      "JSON in a string of JSON",
      () => answer(400, errorBody("X", JSON.stringify({ [key]: `{"a":${spelled}}` }))),
    ],
    ["JSON's escapes in what is no answer of a server", () => inJson(400, `{"what":${spelled}}`)],
    ["JSON's escapes in a success that is no JSON", () => inJson(200, `{"a":${spelled},`)],
    ["a URL's escapes, in small letters", () => answer(404, `/?key=${inUrl.toLowerCase()}`)],
    ["an error's page", () => answer(404, `<html>${key}</html>`)],
    ["a success's page", () => answer(200, `<html>${key}</html>`)],
    ["a success that is the key alone", () => answer(200, key)],
    ["a success that starts like JSON", () => inJson(200, `{"a":1, ${key}`)],
    ["JSON of another kind", () => inJson(200, json)],
    ["the content type", () => answer(200, "x", { "content-type": `text/${key}` })],
    ["an error's content type", () => answer(404, "x", { "content-type": `text/${key}` })],
    ["where it redirects", () => answer(302, "", { location: `/login?key=${key}` })],
    [
      "an echo of the request in place of HTTP",
      ({ headers }) => `GET / HTTP/1.1\r\nauthorization: ${headers["authorization"]}\r\n\r\n`,
    ],
    ["a header that is none", ({ headers }) => `HTTP/1.1 200 OK\r\n${headers["authorization"]}\r\n\r\n`],
    ["an event that is not JSON", () => streaming(block(key))],
    ["an event that is not JSON, at the end of what is quoted", () => streaming(block("x".repeat(70) + key))],
    ["a body that breaks off", () => streamHead + chunk(`data: ${key}`).toString()],
  ];

  /** Everything about an error that a program might log. */
  function allOf(error: unknown): string {
    const { message, stack, cause } = error as Error;
    return [
      inspect(error, { depth: 20, showHidden: true }),
      String(error),
      message,
      stack,
      String(cause),
      JSON.stringify(error),
    ].join("\n");
  }

  function expectNoKey(error: unknown): void {
    expect(error).toBeInstanceOf(Error);
    const said = allOf(error);
    for (const form of [key, json.slice(1, -1), inspect(key).slice(1, -1), spelled.slice(1, -1), inUrl])
      expect(said.toLowerCase()).not.toContain(form.toLowerCase());
    // Nor most of the key.
    expect(said).not.toContain(key.slice(0, 9));
  }

  describe.each(answers)("%s", (_, say) => {
    test.each(calls)("%s", async (_, call) => {
      const server = await rawServer((request, socket: Socket) => socket.end(say(request)));
      const options = {
        baseUrl: server.baseUrl,
        apiKey: key,
        retries: 0,
        reconnectDelayMs: 1,
        maxReconnects: 1,
      };
      expectNoKey(await call(options));
    });
  });

  test.each(calls)("%s to a closed port", async (_, call) => {
    const baseUrl = `http://127.0.0.1:${await closedPort()}`;
    expectNoKey(await call({ baseUrl, apiKey: key, retries: 0 }));
  });

  test.each(calls)("%s that times out", async (_, call) => {
    const server = await rawServer(() => {});
    expectNoKey(await call({ baseUrl: server.baseUrl, apiKey: key, retries: 0, timeoutMs: 50 }));
  });

  test.each(calls)("%s with a fetch whose errors carry the request", async (_, call) => {
    const fetch: Fetch = async (url, request) => {
      throw Object.assign(new Error("socket hang up"), {
        code: "ECONNRESET",
        config: { url, headers: request.headers },
      });
    };
    expectNoKey(await call({ apiKey: key, retries: 0, fetch }));
  });

  test("an error about the key does not repeat it", async () => {
    const broken = `${key}\n${key}`;
    const error = await failure(getStatus({ apiKey: broken, runId: "r1" }));
    expectNoKey(error);
    expect((error as Error).message).toContain("a line break");
  });
});

test("the key is sent to the server unchanged, and not in the URL", async () => {
  const server = await rawServer((_, socket) => socket.end(answer(200, { runId: "r1", status: "running" })));
  await getStatus({ baseUrl: server.baseUrl, apiKey: key, runId: "r1" });
  await waitUntil(() => server.requests.length === 1);
  expect(server.requests[0]).toMatchObject({
    path: "/v1/runs/r1",
    headers: { authorization: `Bearer ${key}` },
  });
});
