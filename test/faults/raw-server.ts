import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { listen } from "./listen.js";

/** A complete request as it came over the wire. */
export interface RawRequest {
  method: string;
  /** With its query. */
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/**
 * An HTTP server at the socket level, for responses that no HTTP library would send. It reads complete requests and
 * leaves every byte of the response to the test. One connection may bring several requests.
 */
export class RawServer {
  readonly requests: RawRequest[] = [];
  /** The open connections that brought a request. Node's fetch opens others ahead of time, which bring none. */
  readonly sockets = new Set<Socket>();
  /** How many connections ever brought a request, and the most of them that were open at once. */
  connections = 0;
  mostSockets = 0;
  readonly #opened = new Set<Socket>();
  readonly #server: Server;

  private constructor(answer: (request: RawRequest, socket: Socket, index: number) => void) {
    this.#server = createServer((socket) => {
      this.#opened.add(socket);
      socket.on("close", () => {
        this.#opened.delete(socket);
        this.sockets.delete(socket);
      });
      // A client that leaves in the middle is not an error here.
      socket.on("error", () => {});
      readRequests(socket, (request) => {
        this.requests.push(request);
        if (!this.sockets.has(socket)) this.connections++;
        this.sockets.add(socket);
        this.mostSockets = Math.max(this.mostSockets, this.sockets.size);
        answer(request, socket, this.requests.length - 1);
      });
    });
  }

  static async start(
    answer: (request: RawRequest, socket: Socket, index: number) => void,
    port = 0,
  ): Promise<RawServer> {
    const raw = new RawServer(answer);
    await listen(raw.#server, port);
    return raw;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#opened) socket.destroy();
    await closed;
  }
}

/** Calls back for each request of a connection, once its body is complete. */
export function readRequests(socket: Socket, onRequest: (request: RawRequest) => void): void {
  let pending = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const headEnd = pending.indexOf("\r\n\r\n");
      if (headEnd === -1) return;
      const [requestLine = "", ...lines] = pending.toString("latin1", 0, headEnd).split("\r\n");
      const headers: Record<string, string> = {};
      for (const line of lines) {
        const colon = line.indexOf(":");
        headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
      }
      const end = headEnd + 4 + Number(headers["content-length"] ?? 0);
      if (pending.length < end) return;
      const [method = "", path = ""] = requestLine.split(" ");
      const body = pending.toString("utf8", headEnd + 4, end);
      pending = pending.subarray(end);
      onRequest({ method, path, headers, body });
    }
  });
}

/** Returns the head of a response as it goes over the wire. */
export function head(status: number, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${status === 200 ? "OK" : "Said"}\r\n${lines.join("")}\r\n`;
}

/**
 * Returns a complete response with a body as it goes over the wire. It announces that the connection closes, which most
 * tests then do: a client that kept the connection could send its next request into the closing socket.
 */
export function answer(status: number, body: unknown, headers: Record<string, string> = {}): Buffer {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/html" : "application/json";
  const length = String(Buffer.byteLength(text));
  return Buffer.from(
    head(status, { "content-type": type, "content-length": length, connection: "close", ...headers }) + text,
  );
}

/** Makes an error body as the server does. */
export function errorBody(code: string, message: string): { error: { code: string; message: string } } {
  return { error: { code, message } };
}

/** The head of an event stream that is sent in chunks. */
export const streamHead = head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" });

/** Returns one chunk of a chunked body as it goes over the wire. */
export function chunk(data: string | Uint8Array): Buffer {
  const bytes = Buffer.from(data as string);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

/** The clean end of a chunked body. */
export const lastChunk = "0\r\n\r\n";

/** Returns an event as the servers send it. */
export function block(data: string | object): string {
  return `event: smithers\ndata: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}
