import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, createGzip, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { httpFetch } from "../../../src/cli/network/http-fetch.js";
import { createClient, HttpError, ProtocolError, type SmithersEvent } from "../../../src/client/index.js";
import { event, failure, rawServer, sleep } from "../../faults/in-test.js";
import { answer, block, chunk, errorBody, head, lastChunk, streamHead } from "../../faults/raw-server.js";
import { runBinary } from "../run-cli.js";

const fetch = httpFetch({});
const get = (url: string, signal = new AbortController().signal) =>
  fetch(url, { method: "GET", headers: {}, signal, redirect: "manual" });
const clientOf = (baseUrl: string) => createClient({ baseUrl, fetch, retries: 0 });

/** Reads the whole text of a body. */
async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const part of body) chunks.push(part);
  return Buffer.concat(chunks).toString();
}

async function httpServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Lets unhandled errors surface: they fail the running test. */
const settle = () => sleep(20);

describe("abandoning a complete response", () => {
  const pageServer = (bytes: number) =>
    httpServer((_, response) => {
      response.writeHead(400, { "content-type": "text/html", "content-length": bytes });
      response.end("x".repeat(bytes));
    });

  test.each([65_536, 65_537, 70_000, 100_000, 131_072, 300_000])(
    "reports an error page of %d bytes like any other error",
    async (bytes) => {
      const client = clientOf(await pageServer(bytes));
      for (let times = 0; times < 5; times++) {
        expect(await failure(client.getStatus({ runId: "r" }))).toBeInstanceOf(HttpError);
      }
      await settle();
    },
  );

  test("exits with 4 after an error page, in the binary", async () => {
    const result = await runBinary(["status", "r"], { baseUrl: await pageServer(70_000) });
    expect(result.exitCode).toBe(4);
    expect(result.stderr).toMatch(/^error: HTTP 400.*\nnext: .*\n$/);
  });

  test("allows a stream to end in the packet in which reading stops", async () => {
    const server = await rawServer((request, socket) => {
      if (request.path.includes("/events"))
        socket.write(
          Buffer.concat([Buffer.from(streamHead), chunk(block(event(0))), Buffer.from(lastChunk)]),
        );
      else
        socket.write(
          answer(200, { runId: "r", status: "running", summary: {} }, { connection: "keep-alive" }),
        );
    });
    for (let times = 0; times < 5; times++) {
      const events = clientOf(server.baseUrl).watchRun({ runId: "r" });
      await events.next();
      await events.return(undefined);
    }
    await settle();
    expect(server.requests.length).toBeGreaterThanOrEqual(5);
  });

  test("keeps the connection for the next request if aborted after the response", async () => {
    const server = await rawServer((_, socket) =>
      socket.write(answer(200, [], { connection: "keep-alive" })),
    );
    for (let times = 0; times < 5; times++) {
      const aborting = new AbortController();
      const { body } = await get(server.baseUrl, aborting.signal);
      await textOf(body as AsyncIterable<Uint8Array>);
      aborting.abort();
      await settle();
    }
    expect(server.connections).toBe(1);
  });

  test("closes the connection if aborted in the middle of a response", async () => {
    const server = await rawServer((_, socket) =>
      socket.write(head(200, { "content-length": "10" }) + "half"),
    );
    const aborting = new AbortController();
    await get(server.baseUrl, aborting.signal);
    const [socket] = server.sockets;
    const closed = new Promise((resolve) => socket?.once("close", resolve));
    aborting.abort();
    await closed;
    await settle();
  });
});

describe("a keep-alive connection that the server has closed", () => {
  test("is replaced for a read", async () => {
    const server = await rawServer((_, socket, index) => {
      if (index === 1) socket.destroy();
      else socket.write(answer(200, [], { connection: "keep-alive" }));
    });
    const client = clientOf(server.baseUrl);
    expect(await client.listRuns()).toEqual([]);
    expect(await client.listRuns()).toEqual([]);
    expect(server.connections).toBe(2);
  });

  test("is never used for a decision, which could not be retried", async () => {
    const seen: { method: string; index: number }[] = [];
    const numbers = new Map<unknown, number>();
    const server = await rawServer(({ method }, socket) => {
      if (!numbers.has(socket)) numbers.set(socket, numbers.size);
      seen.push({ method, index: numbers.get(socket) ?? -1 });
      const body = { runId: "r", workflowName: "w", status: "running", summary: {} };
      socket.write(answer(200, body, { connection: "keep-alive" }));
    });
    const client = clientOf(server.baseUrl);
    await client.getStatus({ runId: "r" });
    await client.getStatus({ runId: "r" });
    await client.approve({ runId: "r", nodeId: "gate" });
    expect(seen).toEqual([
      { method: "GET", index: 0 },
      { method: "GET", index: 0 },
      { method: "POST", index: 1 },
    ]);
  });
});

describe("a response that is compressed without being asked for", () => {
  const text = JSON.stringify([{ runId: "größe", status: "running", padding: "x".repeat(100_000) }]);
  const bodies: Record<string, Buffer> = {
    gzip: gzipSync(text),
    "X-GZip": gzipSync(text),
    deflate: deflateSync(text),
    br: brotliCompressSync(text),
    identity: Buffer.from(text),
    "deflate, gzip": gzipSync(deflateSync(text)),
  };

  test.each(Object.keys(bodies))("with %s is read", async (encoding) => {
    const baseUrl = await httpServer((_, response) => {
      response.writeHead(200, { "content-encoding": encoding }).end(bodies[encoding]);
    });
    expect(await clientOf(baseUrl).listRuns()).toEqual(JSON.parse(text));
  });

  test("is read if it is an error page, too", async () => {
    const baseUrl = await httpServer((_, response) => {
      response.writeHead(404, { "content-encoding": "gzip" });
      response.end(gzipSync(JSON.stringify(errorBody("RUN_NOT_FOUND", "Run not found"))));
    });
    expect(await failure(clientOf(baseUrl).getStatus({ runId: "r" }))).toMatchObject({
      code: "RUN_NOT_FOUND",
    });
  });

  test("in another encoding fails with an error that names it", async () => {
    const baseUrl = await httpServer((_, response) => {
      response.writeHead(200, { "content-encoding": "zstd" }).end("?");
    });
    const error = await failure(clientOf(baseUrl).listRuns());
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as Error).message).toContain('"zstd"');
  });

  test.each([
    ["that is none", Buffer.from("plain text")],
    ["that is cut", gzipSync(text).subarray(0, 60)],
  ])("with gzip %s is a broken response", async (_, bytes) => {
    const baseUrl = await httpServer((__, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(bytes);
    });
    expect(await failure(clientOf(baseUrl).listRuns())).toMatchObject({ code: "CONNECTION_FAILED" });
    await settle();
  });

  test("passes on each event of a stream when it is sent", async () => {
    let send: (event: object) => void = () => {};
    const baseUrl = await httpServer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
      const gzip = createGzip();
      gzip.pipe(response);
      send = (each) => {
        gzip.write(block(each));
        gzip.flush();
      };
      send(event(0));
    });
    const seen: SmithersEvent[] = [];
    for await (const each of clientOf(baseUrl).streamEvents({ runId: "r" })) {
      seen.push(each);
      if (seen.length === 3) break;
      send(event(seen.length));
    }
    expect(seen).toEqual([event(0), event(1), event(2)]);
    await settle();
  });
});
