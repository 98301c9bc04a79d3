import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { FaultDealer, type Fault, type FaultDealerOptions, type Plan } from "./fault-dealer.js";
import { answer, chunk, head, lastChunk, RawServer, type RawRequest } from "./raw-server.js";
import { sleep } from "./sleep.js";

const cutFaults: ReadonlySet<Fault> = new Set<Fault>(["reset", "close"]);

const maintenancePage = "<!doctype html><html><h1>Down for maintenance</h1><p>Back soon.</p></html>";

export interface ChaosProxyOptions extends FaultDealerOptions {
  /** The port of the server behind the proxy. */
  target: number;
  /** Whether the server serves events in pages rather than as a stream. */
  hasPages: boolean;
  /** Restarts the server. */
  restart: () => void;
}

/** A proxy between the client and the server that causes random network faults. */
export class ChaosProxy {
  readonly #options: ChaosProxyOptions;
  readonly #dealer: FaultDealer;
  #raw!: RawServer;

  private constructor(options: ChaosProxyOptions) {
    this.#options = options;
    this.#dealer = new FaultDealer(options);
  }

  static async start(options: ChaosProxyOptions): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(options);
    proxy.#raw = await RawServer.start((request, socket) => {
      socket.setNoDelay(true);
      void proxy.#serve(request, socket);
    });
    return proxy;
  }

  get baseUrl(): string {
    return this.#raw.baseUrl;
  }

  get connections(): number {
    return this.#raw.connections;
  }

  /** The most connections that were open at once. */
  get mostConnections(): number {
    return this.#raw.mostSockets;
  }

  /** How often each fault was dealt out. */
  get faults(): ReadonlyMap<Fault, number> {
    return this.#dealer.faults;
  }

  close(): Promise<void> {
    return this.#raw.close();
  }

  async #serve(request: RawRequest, socket: Socket): Promise<void> {
    const hasEvents = /\/events(\?|$)/.test(request.path);
    const isStream = hasEvents && !this.#options.hasPages;
    const plan = this.#dealer.deal(isStream, request.method, request.path);
    if (plan.delayMs > 0) await sleep(plan.delayMs);
    switch (plan.fault) {
      case "refuse":
        return void socket.resetAndDestroy();
      case "badGateway":
        return void socket.end(answer(502, "<html><h1>502 Bad Gateway</h1></html>", { connection: "close" }));
      case "unavailable":
        return void socket.end(
          answer(503, maintenancePage, { connection: "close", "retry-after": plan.retryAfter }),
        );
      case "page":
        return void socket.end(answer(200, "<html>Please log in</html>", { connection: "close" }));
      case "notFoundPage":
        return void socket.end(answer(404, "<html><h1>404 Not Found</h1></html>", { connection: "close" }));
      case "noContent":
        return void socket.end(head(204, { connection: "close" }));
    }
    try {
      const upstream = await this.#forward(request, socket);
      if (plan.fault === "drop") return void socket.resetAndDestroy();
      if (isStream && upstream.statusCode === 200) await this.#passStream(upstream, socket, plan);
      else await this.#passAnswer(upstream, socket, plan);
      if (hasEvents && upstream.statusCode === 200) this.#dealer.hasOpened = true;
    } catch {
      // The server is down, or went down during the response.
      if (plan.keepsAlive) socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  #forward(request: RawRequest, socket: Socket): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { method, path, body } = request;
      const forwarded = httpRequest(
        { host: "127.0.0.1", port: this.#options.target, method, path, agent: false },
        resolve,
      );
      forwarded.on("error", reject);
      socket.on("close", () => forwarded.destroy());
      forwarded.end(body);
    });
  }

  async #passAnswer(upstream: IncomingMessage, socket: Socket, plan: Plan): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const part of upstream) chunks.push(part as Buffer);
    // A client may give up a server that it has never seen.
    if (this.#options.hasPages && this.#dealer.hasOpened && plan.stallMs % 9 === 0) this.#options.restart();
    const body = plan.isGzipped ? gzipSync(Buffer.concat(chunks)) : Buffer.concat(chunks);
    const headers = {
      "content-type": upstream.headers["content-type"] ?? "",
      ...versionOf(upstream),
      ...encodingOf(plan),
      "content-length": String(body.length),
      connection: plan.keepsAlive ? "keep-alive" : "close",
    };
    const bytes = Buffer.concat([Buffer.from(head(upstream.statusCode ?? 0, headers)), body]);
    if (cutFaults.has(plan.fault)) {
      await writeSplit(socket, bytes.subarray(0, plan.at % bytes.length), plan);
      return cut(socket, plan.fault);
    }
    await writeSplit(socket, bytes, plan);
    if (!plan.keepsAlive) socket.end();
    // A connection that is kept for the next request may be closed at the moment that request arrives.
    else setTimeout(() => cut(socket, plan.splitAt > 3 ? "reset" : "close"), plan.stallMs);
  }

  async #passStream(upstream: IncomingMessage, socket: Socket, plan: Plan): Promise<void> {
    const isChunked = plan.framing === "chunked";
    const headers = {
      "content-type": "text/event-stream",
      ...encodingOf(plan),
      ...(isChunked ? { "transfer-encoding": "chunked" } : {}),
    };
    await writeSplit(socket, Buffer.from(head(200, { ...headers, connection: "close" })), plan);
    this.#dealer.hasOpened = true;
    const framed = (part: Buffer) => {
      if (part.length === 0) return part;
      // Each part is its own gzip member, which can be decompressed as it arrives.
      const encoded = plan.isGzipped ? gzipSync(part) : part;
      return isChunked ? chunk(encoded) : encoded;
    };
    const send = (part: Buffer) => writeSplit(socket, framed(part), plan);
    const end = () => socket.end(isChunked ? lastChunk : "");

    let left = plan.fault === "none" ? Infinity : plan.at;
    for await (const part of upstream) {
      const bytes = Buffer.from((part as Buffer).toString("latin1").replaceAll("\n", plan.lineEnd), "latin1");
      const strikesAt = plan.fault === "cleanEnd" ? endOfBlock(bytes, left, plan.lineEnd) : left;
      if (strikesAt > bytes.length) {
        left -= bytes.length;
        await send(bytes);
        continue;
      }
      left = Infinity;
      if (cutFaults.has(plan.fault)) {
        // The cut may be inside a chunk as well as between two.
        await writeSplit(socket, framed(bytes).subarray(0, strikesAt), plan);
        return cut(socket, plan.fault);
      }
      await send(bytes.subarray(0, strikesAt));
      if (plan.fault === "cleanEnd") return void end();
      if (plan.fault === "halfOpen") return void upstream.destroy();
      if (plan.fault === "restart") this.#options.restart();
      else await sleep(plan.stallMs);
      await send(bytes.subarray(strikesAt));
    }
    end();
  }
}

/** Returns the header by which a gateway is detected. */
function versionOf({ headers }: IncomingMessage): Record<string, string> {
  const version = headers["x-smithers-api-version"];
  return typeof version === "string" ? { "x-smithers-api-version": version } : {};
}

function encodingOf({ isGzipped }: Plan): Record<string, string> {
  return isGzipped ? { "content-encoding": "gzip" } : {};
}

/** Returns where the first whole block at or after the offset ends, or Infinity if it is not in these bytes. */
function endOfBlock(bytes: Buffer, offset: number, lineEnd: string): number {
  const empty = lineEnd + lineEnd;
  const found = bytes.indexOf(empty, Math.max(0, offset - empty.length), "latin1");
  return found === -1 ? Infinity : found + empty.length;
}

function cut(socket: Socket, fault: Fault): void {
  if (fault === "reset") socket.resetAndDestroy();
  else socket.destroySoon();
}

/** Writes the first bytes a few at a time, in separate packets, and the rest at once. */
async function writeSplit(socket: Socket, bytes: Buffer, plan: Plan): Promise<void> {
  let offset = 0;
  while (offset < bytes.length && plan.splitFor > 0) {
    const piece = bytes.subarray(offset, offset + plan.splitAt);
    socket.write(piece);
    offset += piece.length;
    plan.splitFor -= piece.length;
    await new Promise(setImmediate);
  }
  if (offset < bytes.length && !socket.write(bytes.subarray(offset)) && !socket.destroyed) {
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off("drain", done);
        socket.off("close", done);
        resolve();
      };
      socket.on("drain", done);
      socket.on("close", done);
    });
  }
}
