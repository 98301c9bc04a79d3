import type { Random } from "./random.js";

/** What goes wrong with one request. */
export type Fault =
  | "none"
  /** The connection is reset before the server sees the request. */
  | "refuse"
  /** The server takes the request; its answer is dropped and the connection reset. */
  | "drop"
  | "badGateway"
  /** A maintenance page: 503 with HTML and a `Retry-After`. */
  | "unavailable"
  /** A proxy's page with status 200. */
  | "page"
  /** A proxy's page with status 404; for GETs alone. */
  | "notFoundPage"
  /** 204, no body. */
  | "noContent"
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
const requestFaults: Fault[] = [
  "refuse",
  "drop",
  "badGateway",
  "unavailable",
  "page",
  "notFoundPage",
  "noContent",
];
const answerFaults: Fault[] = ["reset", "close", "none", "none"];

/** What a kind turn lets through at the least: more than a page, and than the two largest events. */
const kindBytes = 40_000;

/** What becomes of one request and its answer. */
export interface Plan {
  fault: Fault;
  /** After how many bytes of the body it strikes. */
  at: number;
  lineEnd: "\n" | "\r\n" | "\r";
  framing: "chunked" | "untilClose";
  /** Whether the answer is compressed, though nobody asked for that. */
  isGzipped: boolean;
  /** Bytes written at a time, for the first `splitFor` bytes. */
  splitAt: number;
  splitFor: number;
  delayMs: number;
  stallMs: number;
  retryAfter: "0" | "1";
  keepsAlive: boolean;
}

export interface FaultDealerOptions {
  random: Random;
  /** How long a stall is at most, in ms; below the client's idle time. */
  longestStallMs: number;
  /** After how many bytes a fault strikes at most. */
  furthestStrike: number;
  /** Whether connections may go dead: each takes the client its idle time. */
  canHalfOpen: boolean;
}

/**
 * Chooses what goes wrong with each request, by random numbers. It is kinder until one stream has opened, since a client
 * may give up a server it has never seen, and each fourth time, so that what is followed comes to an end.
 */
export class FaultDealer {
  /** How often each fault was dealt out. */
  readonly faults = new Map<Fault, number>();
  /** Whether a stream has opened. */
  hasOpened = false;
  readonly #options: FaultDealerOptions;
  readonly #badTurns = { stream: 0, request: 0 };
  /** The streams that were ended in good order, by their path, which has the position. */
  readonly #endedCleanly = new Set<string>();

  constructor(options: FaultDealerOptions) {
    this.#options = options;
  }

  deal(isStream: boolean, method: string, path: string): Plan {
    const { random, longestStallMs } = this.#options;
    const plan: Plan = {
      ...this.#fault(isStream, method, path),
      lineEnd: random.pick(["\n", "\n", "\r\n", "\r"]),
      framing: random.chance(0.8) ? "chunked" : "untilClose",
      isGzipped: random.chance(0.15),
      splitAt: random.pick([1, 3, 17, 400]),
      splitFor: random.pick([0, 0, 40, 400]),
      delayMs: random.chance(0.2) ? random.int(1, 15) : 0,
      stallMs: random.int(5, random.chance(0.8) ? Math.min(75, longestStallMs) : longestStallMs),
      retryAfter: random.chance(0.1) ? "1" : "0",
      keepsAlive: random.chance(0.5),
    };
    this.faults.set(plan.fault, (this.faults.get(plan.fault) ?? 0) + 1);
    return plan;
  }

  #fault(isStream: boolean, method: string, path: string): Pick<Plan, "fault" | "at"> {
    const { random, furthestStrike, canHalfOpen } = this.#options;
    // The same numbers are drawn whatever comes of them, so that one turn does not shift the choices of the next.
    let asRequest = random.chance(isStream ? 0.25 : 0.3) ? random.pick(requestFaults) : undefined;
    let inside = random.pick(isStream ? streamFaults : answerFaults);
    const at = random.chance(0.3) ? random.int(0, 60) : random.int(0, furthestStrike);
    // Nothing says what a proxy's 404 means for a decision, so decisions do not meet with one.
    if (asRequest === "notFoundPage" && method !== "GET") asRequest = "badGateway";
    // Clean ends at one position look like a server that has no more to say, and the client is meant to believe that.
    if (inside === "cleanEnd" && this.#endedCleanly.has(path)) inside = "none";
    if (inside === "halfOpen" && !canHalfOpen) inside = "stall";
    if (!this.hasOpened) return { fault: isStream ? inside : "none", at };
    const kind = isStream ? "stream" : "request";
    const isKind = this.#badTurns[kind] === 3;
    this.#badTurns[kind] = isKind ? 0 : this.#badTurns[kind] + 1;
    if (asRequest !== undefined && !isKind) return { fault: asRequest, at };
    if (!isStream) return { fault: isKind ? "none" : inside, at };
    if (inside === "cleanEnd") this.#endedCleanly.add(path);
    return { fault: inside, at: isKind ? at + kindBytes : at };
  }
}
