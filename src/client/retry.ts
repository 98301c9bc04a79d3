import type { Connection } from "./connection.js";
import { ConnectionError } from "./errors/connection-error.js";
import { HttpError } from "./errors/http-error.js";
import { TimeoutError } from "./errors/timeout-error.js";
import { exchange } from "./exchange.js";
import { sendWhereItIs } from "./other-server.js";
import type { Route } from "./routes.js";
import { jittered, wait } from "./wait.js";

/** Which failures of a call may be answered by sending it again. One that never connected always may. */
interface RetryPolicy {
  /** The connection broke after sending, or timed out: the server may have taken it. */
  lost: boolean;
  /** Statuses that say "later". */
  statuses: ReadonlySet<number>;
}

const throttled = [408, 425, 429];
const gateway = [502, 503, 504];

export const retryPolicies = {
  read: { lost: true, statuses: new Set([...throttled, ...gateway, 500]) },
  /** Repeatable, since the run id (or the run being cancelled) makes the second one the same as the first. */
  repeatable: { lost: true, statuses: new Set([...throttled, ...gateway]) },
  /** Sent again only where it surely had no effect. */
  once: { lost: false, statuses: new Set([429]) },
} satisfies Record<string, RetryPolicy>;

/** What was tried before the failure that a call is asked about. */
export interface Attempts {
  /** How many attempts went out before this one. */
  before: number;
  /** Whether any attempt, this one included, may have taken effect on the server. */
  mayHaveBeenApplied: boolean;
}

/** A server that asks for a longer pause than this is told to the caller instead of waited for, in ms. */
const longestRetryAfter = 60_000;

/**
 * Sends a request until it is answered or the policy says stop.
 *
 * @param recover looks at each failure first: a result ends the call with it, `"retry"` sends it again, `undefined`
 *   leaves it to the policy; what it throws is what the call throws
 */
export async function requestWithRetries(
  connection: Connection,
  route: Route,
  policy: RetryPolicy,
  recover?: (error: unknown, attempts: Attempts) => Promise<unknown>,
): Promise<unknown> {
  let mayHaveBeenApplied = false;
  for (let before = 0; ; before++) {
    try {
      return await sendWhereItIs(connection, route, (found) => exchange(connection, found));
    } catch (error) {
      connection.signal?.throwIfAborted();
      mayHaveBeenApplied ||= isAmbiguous(error);
      const recovered = await recover?.(error, { before, mayHaveBeenApplied });
      if (recovered !== undefined && recovered !== "retry") return recovered;
      const retryable = recovered === "retry" || isRetryable(error, policy);
      if (!retryable || before >= connection.retries) throw error;
      await wait(retryDelay(error, before), connection.signal);
    }
  }
}

/** Whether a read may be sent again after this failure; the stream asks the same before its first event. */
export function isRetryable(error: unknown, policy: RetryPolicy): boolean {
  if (error instanceof HttpError) {
    return policy.statuses.has(error.status) && (error.retryAfterMs ?? 0) <= longestRetryAfter;
  }
  if (error instanceof TimeoutError) return policy.lost;
  return error instanceof ConnectionError && (policy.lost || !error.mayHaveBeenApplied);
}

/** 0.5 s doubling to 8 s with jitter, or what the server asked for. */
export function retryDelay(error: unknown, before: number): number {
  if (error instanceof HttpError && error.retryAfterMs !== undefined) return error.retryAfterMs;
  return jittered(Math.min(8000, 500 * 2 ** before));
}

/** Whether a call went out and its answer did not come. */
export function isLost(error: unknown): error is ConnectionError | TimeoutError {
  return (error instanceof ConnectionError || error instanceof TimeoutError) && error.mayHaveBeenApplied;
}

/** A gateway's error says nothing about whether the server behind it took the request. */
function isAmbiguous(error: unknown): boolean {
  if (error instanceof HttpError) return error.method !== "GET" && gateway.includes(error.status);
  return isLost(error);
}
