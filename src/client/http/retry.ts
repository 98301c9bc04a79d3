import { ConnectionError } from "../errors/connection-error.js";
import { HttpError, ownHttpCodes } from "../errors/http-error.js";
import { PositionError } from "../errors/position-error.js";
import { ProtocolError } from "../errors/protocol-error.js";
import { TimeoutError } from "../errors/timeout-error.js";
import type { ResolvedOptions } from "../options.js";
import { jittered, wait } from "./wait.js";

/** Which failures of a call to retry. A call that never connected is always retried. */
export interface RetryPolicy {
  /**
   * Whether to retry if the answer was lost: the connection broke after sending, it timed out, or the answer was
   * unusable.
   */
  lost: boolean;
  /** The HTTP statuses to retry. */
  statuses: ReadonlySet<number>;
}

const throttledStatuses = [408, 425, 429];
const gatewayStatuses = [502, 503, 504];

export const retryPolicies = {
  read: { lost: true, statuses: new Set([...throttledStatuses, ...gatewayStatuses, 500]) },
  /** For calls that have the same effect when sent again, such as a start with a run id. */
  repeatable: { lost: true, statuses: new Set([...throttledStatuses, ...gatewayStatuses]) },
  /** For calls that must not be applied twice: retried only if they certainly had no effect. */
  once: { lost: false, statuses: new Set([429]) },
} satisfies Record<string, RetryPolicy>;

/** A longer `Retry-After` is reported to the caller instead of waited for. In ms. */
const maxRetryAfterMs = 60_000;

/** What is known about a call after a failed attempt. */
export interface Attempts {
  /** How many attempts were sent before this one. */
  before: number;
  /** Whether any attempt so far may have taken effect on the server. */
  mayHaveBeenApplied: boolean;
}

/**
 * Retries until an attempt succeeds or the policy says stop.
 *
 * @param recover called first after each failure: a result ends the call with it, `"retry"` sends the call again,
 *   `undefined` leaves the decision to the policy, and an error that it throws ends the call
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

/**
 * Returns the delay before the next attempt, in ms: what the server asked for, or 0.5 s doubling to 8 s, with jitter.
 */
export function retryDelay(error: unknown, before: number): number {
  if (error instanceof HttpError && error.retryAfterMs !== undefined) return error.retryAfterMs;
  return jittered(Math.min(8000, 500 * 2 ** before));
}

/** Whether a failed call that changes something may have taken effect: its answer did not arrive, or was unusable. */
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

/** Whether a status comes from a proxy: it does not say whether the server behind it received the request. */
export function isGatewayStatus(status: number): boolean {
  return gatewayStatuses.includes(status);
}

/**
 * Whether the failure may be temporary, for a server that has worked before. In that case, a proxy's page is an outage
 * too, whatever its status.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof PositionError) return false;
  if (error instanceof ProtocolError || isProxyPage(error)) return true;
  return isRetryable(error, retryPolicies.read);
}

/** Whether an error's body was not the server's own JSON, or was a redirect, which no Smithers server sends. */
function isProxyPage(error: unknown): boolean {
  if (!(error instanceof HttpError)) return false;
  return error.code === `HTTP_${error.status}` || error.code === ownHttpCodes.redirectRefused;
}
