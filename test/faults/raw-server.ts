import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { listen } from "./listen.js";

/** A request as it came over the wire, whole. */
export interface RawRequest {
  method: string;
  /** With its query. */
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/**
 * An HTTP server down at the socket, for answers that no HTTP library would send. It reads whole requests and leaves
 * every byte of the answer to the test; one connection may bring several requests.
 */
export class RawServer {
  readonly requests: RawRequest[] = [];
  /** The open connections that brought a request: Node's fetch opens others in stock, which bring none. */
  readonly sockets = new Set<Socket>();
  /** How many connections ever brought a request, and how many of them were open at once at the most. */
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
      // A client that leaves in the middle is no error here.
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

/** Calls back for each request of a connection, once its body is there. */
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

/** The head of an answer, as bytes of the wire. */
export function head(status: number, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${status === 200 ? "OK" : "Said"}\r\n${lines.join("")}\r\n`;
}

/**
 * A whole answer with a body, as bytes of the wire. It says that its connection ends, as most tests then have it: a
 * client that took it for a kept one could send its next request into the closing socket.
 */
export function answer(status: number, body: unknown, headers: Record<string, string> = {}): Buffer {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/html" : "application/json";
  const length = String(Buffer.byteLength(text));
  return Buffer.from(
    head(status, { "content-type": type, "content-length": length, connection: "close", ...headers }) + text,
  );
}

/** The server's own shape of an error. */
export function errorBody(code: string, message: string): { error: { code: string; message: string } } {
  return { error: { code, message } };
}

/** The head of an event stream that is sent in chunks. */
export const streamHead = head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" });

/** One chunk of a chunked body, as bytes of the wire. */
export function chunk(data: string | Uint8Array): Buffer {
  const bytes = Buffer.from(data as string);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

/** What ends a chunked body in good order. */
export const lastChunk = "0\r\n\r\n";

/** An event as the servers send it. */
export function block(data: string | object): string {
  return `event: smithers\ndata: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}
