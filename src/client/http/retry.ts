import { ConnectionError } from "../errors/connection-error.js";
import { HttpError, ownHttpCodes } from "../errors/http-error.js";
import { PositionError } from "../errors/position-error.js";
import { ProtocolError } from "../errors/protocol-error.js";
import { TimeoutError } from "../errors/timeout-error.js";
import type { ResolvedOptions } from "../options.js";
import { jittered, wait } from "./wait.js";

/** Which failures of a call are retried. One that never connected always is. */
export interface RetryPolicy {
  /** Retry if the answer was lost: the connection broke after sending, it timed out, or the answer was unusable. */
  lost: boolean;
  /** The statuses that are retried. */
  statuses: ReadonlySet<number>;
}

const throttledStatuses = [408, 425, 429];
const gatewayStatuses = [502, 503, 504];

export const retryPolicies = {
  read: { lost: true, statuses: new Set([...throttledStatuses, ...gatewayStatuses, 500]) },
  /** The run id makes a second attempt the same as the first. */
  repeatable: { lost: true, statuses: new Set([...throttledStatuses, ...gatewayStatuses]) },
  /** Sent again only if it surely had no effect. */
  once: { lost: false, statuses: new Set([429]) },
} satisfies Record<string, RetryPolicy>;

/** A longer `Retry-After` is reported to the caller instead of waited for, in ms. */
const maxRetryAfterMs = 60_000;

/** What is known about a call when an attempt has failed. */
export interface Attempts {
  /** How many attempts were sent before this one. */
  before: number;
  /** Whether any attempt so far may have taken effect on the server. */
  mayHaveBeenApplied: boolean;
}

/**
 * Repeats an attempt until it succeeds or the policy says stop.
 *
 * @param recover sees each failure first: a result ends the call with it, `"retry"` sends it again, `undefined` leaves
 *   it to the policy; the call throws what it throws
 */
export async function withRetries<T>(
  options: ResolvedOptions,
  policy: RetryPolicy,
  attempt: () => Promise<T>,
  recover?: (error: unknown, attempts: Attempts) => Promise<T | "retry" | undefined>,
): Promise<T> {
  let mayHaveBeenApplied = false;
  for (let before = 0; ; before++) {
    try {
      return await attempt();
    } catch (error) {
      options.signal?.throwIfAborted();
      mayHaveBeenApplied ||= isAnswerLost(error);
      const recovered = await recover?.(error, { before, mayHaveBeenApplied });
      if (recovered !== undefined && recovered !== "retry") return recovered;
      const retryable = recovered === "retry" || isRetryable(error, policy);
      if (!retryable || before >= options.retries) throw error;
      await wait(retryDelay(error, before), options.signal);
    }
  }
}

/** Whether the policy allows another attempt after this failure. */
export function isRetryable(error: unknown, policy: RetryPolicy): boolean {
  if (error instanceof HttpError) {
    return policy.statuses.has(error.status) && (error.retryAfterMs ?? 0) <= maxRetryAfterMs;
  }
  if (error instanceof TimeoutError) return policy.lost;
  if (error instanceof ProtocolError) return policy.lost && error.mayHaveBeenApplied;
  return error instanceof ConnectionError && (policy.lost || !error.mayHaveBeenApplied);
}

/** 0.5 s doubling to 8 s with jitter, or what the server asked for; in ms. */
export function retryDelay(error: unknown, before: number): number {
  if (error instanceof HttpError && error.retryAfterMs !== undefined) return error.retryAfterMs;
  return jittered(Math.min(8000, 500 * 2 ** before));
}

/** Whether a call that changes something may have taken effect although it failed: its answer did not come, or was unusable. */
export function isAnswerLost(
  error: unknown,
): error is ConnectionError | TimeoutError | ProtocolError | HttpError {
  return (
    (error instanceof ConnectionError ||
      error instanceof TimeoutError ||
      error instanceof ProtocolError ||
      error instanceof HttpError) &&
    error.mayHaveBeenApplied
  );
}

/** Whether a status is that of a proxy: it says nothing about whether the server behind it took the request. */
export function isGatewayStatus(status: number): boolean {
  return gatewayStatuses.includes(status);
}

/**
 * Whether the failure may pass by itself, for a server that has been seen working. A page from a proxy, whatever its
 * status, is an outage like any other then.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof PositionError) return false;
  if (error instanceof ProtocolError || isProxyPage(error)) return true;
  return isRetryable(error, retryPolicies.read);
}

/** Whether an error's body was not the server's own JSON, or was a redirect, which no server of ours gives. */
function isProxyPage(error: unknown): boolean {
  if (!(error instanceof HttpError)) return false;
  return error.code === `HTTP_${error.status}` || error.code === ownHttpCodes.redirectRefused;
}
