import { ArgumentError } from "../errors/argument-error.js";
import { HttpError } from "../errors/http-error.js";
import { startedRecently } from "../follow/recent-starts.js";
import {
  isAnswerLost,
  isRetryable,
  retryPolicies,
  withRetries,
  type Attempts,
  type RetryPolicy,
} from "../http/retry.js";
import { resolveOptions, type ConnectionOptions, type ResolvedOptions } from "../options.js";
import { knownServer, withServer } from "../server/detect-server.js";
import type { ServerApi, ServerTraits } from "../server/server-api.js";

/** The run that a call is about, and how to reach its server. */
export interface RunArgs extends ConnectionOptions {
  runId: string;
}

/** Makes a call to a server of any kind, with the retries that the policy allows. */
export function callServer<T>(
  options: ResolvedOptions,
  policy: RetryPolicy,
  call: (server: ServerApi) => Promise<T>,
  recover?: (error: unknown, attempts: Attempts) => Promise<T | "retry" | undefined>,
): Promise<T> {
  return withRetries(options, policy, () => withServer(options, call), recover);
}

/**
 * Makes a call that must not be sent twice. If the answer is lost, the error says so.
 *
 * @param canRepeat whether a second call would change nothing on this kind of server; called after a failure
 */
export function callOnce<T>(
  options: ResolvedOptions,
  call: (server: ServerApi) => Promise<T>,
  what: string,
  canRepeat: (server: ServerTraits) => boolean = () => false,
): Promise<T> {
  return callServer(options, retryPolicies.once, call, async (error, { mayHaveBeenApplied }) => {
    const traits = knownServer(options)?.traits;
    if (traits !== undefined && canRepeat(traits)) {
      if (isRetryable(error, retryPolicies.repeatable)) return "retry";
      if (!mayHaveBeenApplied || !(error instanceof HttpError) || error.status !== 409) return undefined;
      const note = "; an earlier attempt of this call lost its answer and may be the one that was applied";
      throw new HttpError({ ...error, code: error.code, mayHaveBeenApplied: true }, note);
    }
    if (isAnswerLost(error)) {
      const note = `; the ${what} may have been applied anyway, and is not sent again`;
      if (!error.message.endsWith(note)) error.message += note;
    }
    return undefined;
  });
}

/**
 * Reads data of a run. Retries a 404 if this process has just started the run: a server may record a run a moment after
 * accepting it.
 */
export function readOfRun<T>(args: RunArgs, call: (server: ServerApi) => Promise<T>): Promise<T> {
  const options = resolveOptions(args);
  return callServer(options, retryPolicies.read, call, async (error) => {
    const isMissing = error instanceof HttpError && error.status === 404;
    return isMissing && startedRecently(options.baseUrl, args.runId) ? "retry" : undefined;
  });
}

/** @throws {ArgumentError} unless `value` is a non-empty string */
export function requiredText(argument: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new ArgumentError(argument, `${argument} must be a non-empty string`);
}
