import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { listen } from "./listen.js";
import { sleep } from "./sleep.js";

/** A place in a run's events: `bytes` into the block of event `seq`; 0 is the boundary before it. */
export interface Place {
  seq: number;
  bytes: number;
}

export interface Stall extends Place {
  ms: number;
  /** How many of the connections that reach the place stall there. Default: all. */
  connections?: number;
}

const blockStart = "event: smithers\n";

/**
 * A link that forwards everything at once, but stalls for a while at given places: at one place per run, on connections
 * that carry the run's events. Everything after the place, including the end, arrives late and in order.
 */
export class StallingLink {
  /** By run id. */
  readonly stalls = new Map<string, Stall>();
  /** How often a connection stalled. */
  stalled = 0;
  readonly #server: Server;

  constructor(target: string) {
    this.#server = createServer((incoming, outgoing) => {
      const { method, headers, url = "" } = incoming;
      const onward = httpRequest(target + url, { method, headers, agent: false }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        outgoing.flushHeaders();
        answer.on("error", () => outgoing.destroy());
        const [, runId = ""] = /^\/v1\/runs\/([^/]+)\/events/.exec(url) ?? [];
        const stall = this.stalls.get(runId);
        if (stall === undefined) return void answer.pipe(outgoing);
        const first = Number(/afterSeq=(-?\d+)/.exec(url)?.[1] ?? -1) + 1;
        void (async () => {
          const passed = new Passed(first);
          try {
            for await (const part of answer) {
              const at = passed.find(part as Buffer, stall);
              const isHere = at !== undefined && (stall.connections ?? 1) > 0;
              if (isHere) {
                if (stall.connections !== undefined) stall.connections--;
                this.stalled++;
                outgoing.write((part as Buffer).subarray(0, at));
                await sleep(stall.ms);
              }
              outgoing.write(isHere ? (part as Buffer).subarray(at) : part);
            }
            outgoing.end();
          } catch {
            outgoing.destroy();
          }
        })();
      });
      onward.on("error", () => outgoing.destroy());
      outgoing.on("close", () => onward.destroy());
      incoming.pipe(onward);
    });
  }

  static async start(target: string): Promise<StallingLink> {
    const link = new StallingLink(target);
    await listen(link.#server);
    return link;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** Tracks what has passed on one connection: how many bytes, and where the newest event began. */
class Passed {
  /** The event that begins next. */
  #next: number;
  /** The bytes since the last event began that may still be needed. */
  #tail = Buffer.alloc(0);
  #isFound = false;

  constructor(first: number) {
    this.#next = first;
  }

  /** Returns where in this part the place is, or `undefined` if it is not there. */
  find(part: Buffer, place: Place): number | undefined {
    if (this.#isFound) return undefined;
    const before = this.#tail.length;
    const all = Buffer.concat([this.#tail, part]);
    let begin = 0;
    for (;;) {
      const start = all.indexOf(blockStart, begin);
      if (start === -1) break;
      if (this.#next === place.seq && start + place.bytes >= before && start + place.bytes < all.length) {
        this.#isFound = true;
        return start + place.bytes - before;
      }
      // The event is not complete yet: keep everything from its start on.
      if (this.#next === place.seq && start + place.bytes >= all.length) {
        this.#tail = all.subarray(start);
        return undefined;
      }
      begin = start + blockStart.length;
      this.#next++;
    }
    this.#tail = all.subarray(Math.max(begin, all.length - blockStart.length + 1));
    return undefined;
  }
}
