import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Random } from "./random.js";
import { answer, chunk, head, lastChunk, RawServer, type RawRequest } from "./raw-server.js";

/** What goes wrong with one request. */
export type Fault =
  | "none"
  /** The connection is reset before the server sees the request. */
  | "refuse"
  /** The server takes the request; its answer is dropped and the connection reset. */
  | "drop"
  | "badGateway"
  | "unavailable"
  /** A proxy's page with status 200. */
  | "page"
  /** Cut by RST after some bytes. */
  | "reset"
  /** Cut by FIN after some bytes. */
  | "close"
  /** Ended in good order between two events that are not the last. */
  | "cleanEnd"
  /** Nothing for a while, less than the idle time, then on. */
  | "stall"
  /** Nothing any more, with the connection open. */
  | "halfOpen"
  /** The server goes down in the middle, and comes back. */
  | "restart";

const streamFaults: Fault[] = ["reset", "close", "cleanEnd", "stall", "halfOpen", "restart", "none"];
const requestFaults: Fault[] = ["refuse", "drop", "badGateway", "unavailable", "page"];
const answerFaults: Fault[] = ["reset", "close", "none", "none"];
const cutFaults: ReadonlySet<Fault> = new Set<Fault>(["reset", "close"]);

/** What a kind turn lets through at the least: more than the two largest events. */
const kindBytes = 30_000;

interface Plan {
  fault: Fault;
  /** After how many bytes of the body it strikes. */
  at: number;
  lineEnd: "\n" | "\r\n" | "\r";
  framing: "chunked" | "untilClose";
  /** Bytes written at a time, for the first `splitFor` bytes. */
  splitAt: number;
  splitFor: number;
  delayMs: number;
  stallMs: number;
  keepsAlive: boolean;
}

export interface ChaosProxyOptions {
  /** Port of the server behind. */
  target: number;
  random: Random;
  /** Takes the server down and up again. */
  restart: () => void;
  /** How long a stall is at most, in ms; below the client's idle time. */
  longestStallMs: number;
}

/**
 * Stands between the client and the server and lets go wrong what a network can. Each choice comes from the random
 * numbers it is given. It is kinder until one stream has opened, since a client may give up a server it has never seen,
 * and each fourth time, so that what is followed comes to an end.
 */
export class ChaosProxy {
  /** How often each fault was dealt out. */
  readonly faults = new Map<Fault, number>();
  readonly #options: ChaosProxyOptions;
  #raw!: RawServer;
  #hasOpened = false;
  readonly #badTurns = { stream: 0, request: 0 };
  #lastInside: Fault = "none";

  private constructor(options: ChaosProxyOptions) {
    this.#options = options;
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

  close(): Promise<void> {
    return this.#raw.close();
  }

  #plan(isStream: boolean): Plan {
    const { random, longestStallMs } = this.#options;
    const plan: Plan = {
      ...this.#fault(isStream),
      lineEnd: random.pick(["\n", "\n", "\r\n", "\r"]),
      framing: random.chance(0.8) ? "chunked" : "untilClose",
      splitAt: random.pick([1, 3, 17, 400]),
      splitFor: random.pick([0, 0, 40, 400]),
      delayMs: random.chance(0.2) ? random.int(1, 15) : 0,
      stallMs: random.int(5, longestStallMs),
      keepsAlive: random.chance(0.5),
    };
    this.faults.set(plan.fault, (this.faults.get(plan.fault) ?? 0) + 1);
    return plan;
  }

  #fault(isStream: boolean): Pick<Plan, "fault" | "at"> {
    const { random } = this.#options;
    // The same numbers are drawn whatever comes of them, so that one turn does not shift the choices of the next.
    const asRequest = random.chance(isStream ? 0.25 : 0.5) ? random.pick(requestFaults) : undefined;
    let inside = random.pick(isStream ? streamFaults : answerFaults);
    const at = random.chance(0.3) ? random.int(0, 60) : random.int(0, 9000);
    // Clean ends in a row look like a server that has no more to say, and the client is meant to believe that.
    if (inside === "cleanEnd" && this.#lastInside === "cleanEnd") inside = "none";
    if (!this.#hasOpened) return { fault: isStream ? inside : "none", at };
    const kind = isStream ? "stream" : "request";
    const isKind = this.#badTurns[kind] === 3;
    this.#badTurns[kind] = isKind ? 0 : this.#badTurns[kind] + 1;
    if (asRequest !== undefined && !isKind) return { fault: asRequest, at };
    if (!isStream) return { fault: isKind ? "none" : inside, at };
    this.#lastInside = inside;
    return { fault: inside, at: isKind ? at + kindBytes : at };
  }

  async #serve(request: RawRequest, socket: Socket): Promise<void> {
    const isStream = /\/events(\?|$)/.test(request.path);
    const plan = this.#plan(isStream);
    if (plan.delayMs > 0) await sleep(plan.delayMs);
    switch (plan.fault) {
      case "refuse":
        return void socket.resetAndDestroy();
      case "badGateway":
        return void socket.end(answer(502, "<html><h1>502 Bad Gateway</h1></html>", { connection: "close" }));
      case "unavailable":
        return void socket.end(answer(503, "", { connection: "close", "retry-after": "0" }));
      case "page":
        return void socket.end(answer(200, "<html>Please log in</html>", { connection: "close" }));
    }
    try {
      const upstream = await this.#forward(request, socket);
      if (plan.fault === "drop") return void socket.resetAndDestroy();
      if (isStream && upstream.statusCode === 200) await this.#passStream(upstream, socket, plan);
      else await this.#passAnswer(upstream, socket, plan);
    } catch {
      // The server is down, or went down while it answered.
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
    const body = Buffer.concat(chunks);
    const headers = {
      "content-type": upstream.headers["content-type"] ?? "",
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
    // A connection kept for the next request may be closed at the very moment that request comes.
    else setTimeout(() => cut(socket, plan.splitAt > 3 ? "reset" : "close"), plan.stallMs);
  }

  async #passStream(upstream: IncomingMessage, socket: Socket, plan: Plan): Promise<void> {
    const isChunked = plan.framing === "chunked";
    const headers = {
      "content-type": "text/event-stream",
      ...(isChunked ? { "transfer-encoding": "chunked" } : {}),
    };
    await writeSplit(socket, Buffer.from(head(200, { ...headers, connection: "close" })), plan);
    this.#hasOpened = true;
    const send = (part: Buffer) =>
      writeSplit(socket, isChunked && part.length > 0 ? chunk(part) : part, plan);
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
        // Inside a chunk as well as between two.
        await writeSplit(socket, (isChunked ? chunk(bytes) : bytes).subarray(0, strikesAt), plan);
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

/** Where the first whole block at or after the offset ends; Infinity for not in these bytes. */
function endOfBlock(bytes: Buffer, offset: number, lineEnd: string): number {
  const empty = lineEnd + lineEnd;
  const found = bytes.indexOf(empty, Math.max(0, offset - empty.length), "latin1");
  return found === -1 ? Infinity : found + empty.length;
}

function cut(socket: Socket, fault: Fault): void {
  if (fault === "reset") socket.resetAndDestroy();
  else socket.destroySoon();
}

/** Writes the first bytes a few at a time, each in a packet of its own, and the rest at once. */
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

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
