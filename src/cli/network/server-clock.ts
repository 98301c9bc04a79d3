import type { Fetch } from "../../client/index.js";

/** The server's clock, as the newest of its answers shows it. */
export interface ServerClock {
  /** Takes requests to the network, and looks at the time that the answers bear. */
  readonly fetch: Fetch;
  /** Milliseconds since 1970 by the server's clock; by ours while no answer has told the time. */
  now(): number;
}

/** `Date` is cut to whole seconds. */
const resolutionMs = 1000;

/** A clock that is set by the answers to requests made with its `fetch`. */
export function serverClock(fetch: Fetch, now: () => number): ServerClock {
  let offsetMs = 0;
  return {
    async fetch(url, request) {
      const sentAt = now();
      const response = await fetch(url, request);
      const date = Date.parse(response.headers.get("date") ?? "");
      if (!Number.isNaN(date)) offsetMs = offsetBetween(date, sentAt, now());
      return response;
    },
    now: () => now() + offsetMs,
  };
}

/**
 * How much the server's clock is ahead of ours: the least that explains the answer, which was made at some time between
 * `sentAt` and `receivedAt`. Clocks that may agree do.
 */
function offsetBetween(date: number, sentAt: number, receivedAt: number): number {
  const min = date - receivedAt;
  const max = date + resolutionMs - sentAt;
  return min > 0 ? min : max < 0 ? max : 0;
}
