import type { Random } from "./random.js";

/** What goes wrong with one request. */
export type Fault =
  | "none"
  /** The connection is reset before the server sees the request. */
  | "refuse"
  /** The server handles the request; its response is dropped and the connection reset. */
  | "drop"
  | "badGateway"
  /** A maintenance page: 503 with HTML and a `Retry-After`. */
  | "unavailable"
  /** A proxy's page with status 200. */
  | "page"
  /** A proxy's page with status 404; only for GET. */
  | "notFoundPage"
  /** 204, no body. */
  | "noContent"
  /** Cut by RST after some bytes. */
  | "reset"
  /** Cut by FIN after some bytes. */
  | "close"
  /** Ended cleanly between two events that are not the last. */
  | "cleanEnd"
  /** Silent for a while, less than the idle timeout, then continues. */
  | "stall"
  /** Silent from then on, with the connection open. */
  | "halfOpen"
  /** The server goes down in the middle and comes back. */
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

/** The minimum number of bytes before a kind fault: more than a page, and than the two largest events. */
const kindBytes = 40_000;

/** What happens to one request and its response. */
export interface Plan {
  fault: Fault;
  /** After how many bytes of the body the fault occurs. */
  at: number;
  lineEnd: "\n" | "\r\n" | "\r";
  framing: "chunked" | "untilClose";
  /** Whether the response is compressed, although the client did not ask for that. */
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
  /** The longest stall in milliseconds; below the client's idle timeout. */
  longestStallMs: number;
  /** The maximum number of bytes before a fault occurs. */
  furthestStrike: number;
  /** Whether connections may go dead. Each one costs the client its idle timeout. */
  canHalfOpen: boolean;
}

/**
 * Chooses what goes wrong with each request, at random. It is kinder until one stream has opened, because a client may
 * give up on a server that it has never reached, and every fourth time, so that the run eventually ends.
 */
export class FaultDealer {
  /** How often each fault was dealt out. */
  readonly faults = new Map<Fault, number>();
  /** Whether a stream has opened. */
  hasOpened = false;
  readonly #options: FaultDealerOptions;
  readonly #badTurns = { stream: 0, request: 0 };
  /** The paths, which include the position, of the streams that were ended cleanly. */
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
    // Always draws the same numbers, so that one choice does not shift the next ones.
    let asRequest = random.chance(isStream ? 0.25 : 0.3) ? random.pick(requestFaults) : undefined;
    let inside = random.pick(isStream ? streamFaults : answerFaults);
    const at = random.chance(0.3) ? random.int(0, 60) : random.int(0, furthestStrike);
    // It is undefined what a proxy's 404 means for a decision, so decisions do not get one.
    if (asRequest === "notFoundPage" && method !== "GET") asRequest = "badGateway";
    // Clean ends at one position look like a server with nothing more to send, and the client should believe that.
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
