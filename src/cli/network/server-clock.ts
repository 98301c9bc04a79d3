import type { Fetch } from "../../client/index.js";

/** The server's clock, as its newest response shows it. */
export interface ServerClock {
  /** Sends requests, and reads the time from the responses. */
  readonly fetch: Fetch;
  /** Milliseconds since 1970 by the server's clock; by the local clock until a response has shown the time. */
  now(): number;
}

/** The `Date` header is truncated to whole seconds. */
const resolutionMs = 1000;

/** Creates a clock that is set by the responses to requests made with its `fetch`. */
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
 * Returns how far the server's clock is ahead of the local one: the smallest offset that explains the response, which
 * was created at some time between `sentAt` and `receivedAt`. Returns 0 if the clocks may agree.
 */
function offsetBetween(date: number, sentAt: number, receivedAt: number): number {
  const min = date - receivedAt;
  const max = date + resolutionMs - sentAt;
  return min > 0 ? min : max < 0 ? max : 0;
}
