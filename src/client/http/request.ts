import { ProtocolError } from "../errors/protocol-error.js";
import { SmithersError } from "../errors/smithers-error.js";
import type { ResolvedOptions } from "../options.js";
import {
  excerpt,
  toConnectionError,
  toHttpError,
  toTimeoutError,
  type ErrorBody,
} from "./describe-failure.js";
import { chunksOf, type FetchResponse } from "./fetch.js";
import { linkAbort } from "./linked-abort.js";
import { startTimer } from "./wait.js";

/** An answer over the size limit. */
export class OversizedAnswer extends ProtocolError {}

/** One request as it is sent. */
export interface HttpRequest {
  method: "GET" | "POST";
  /** Relative to the base URL, with the query. */
  path: string;
  body?: unknown;
}

/** The largest message to read, an answer or an event: 64 MiB, in bytes. */
export const maxMessageBytes = 64 * 1024 * 1024;
/** How much of an error's body to read, in bytes. */
const maxErrorBodyBytes = 64 * 1024;

/** A response whose body has not been read yet. */
export interface OpenResponse {
  response: FetchResponse;
  /** Closes the connection; a pending read rejects with `reason`. */
  close(reason?: unknown): void;
  /**
   * Waits for one piece of work on the response, for at most `limitMs`. After that, closes the connection and throws
   * the error from `onLimit`. A broken connection throws a {@link ConnectionError}, an abort the caller's reason.
   */
  withTimeout<T>(work: () => Promise<T>, limitMs: number, onLimit: () => Error): Promise<T>;
}

/**
 * Sends one request, without retries, and waits for its headers.
 *
 * @throws {HttpError} for a redirect or another unsuccessful status, after reading its body up to a limit
 * @throws {ConnectionError | TimeoutError} or the caller's abort reason
 */
export async function openResponse(
  options: ResolvedOptions,
  request: HttpRequest,
  accept: string,
): Promise<OpenResponse> {
  options.signal?.throwIfAborted();
  const { controller, unlink } = linkAbort(options.signal);
  const { signal } = controller;
  const close = (reason?: unknown) => {
    unlink();
    controller.abort(reason);
  };

  // Rejects the pending work as soon as the signal is aborted, even if the caller's own fetch ignores the signal. One
  // listener serves the whole response, because a stream waits for each of its chunks.
  let stop: (() => void) | undefined;
  signal.addEventListener("abort", () => stop?.(), { once: true });

  function withTimeout<T>(work: () => Promise<T>, limitMs: number, onLimit: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const stopTimer = startTimer(limitMs, () => close(onLimit()));
      const fail = (error: unknown) => {
        stopTimer();
        if (signal.aborted) return reject(signal.reason as Error);
        // A custom fetch, such as the command line's, may already throw this library's errors.
        reject(error instanceof SmithersError ? error : toConnectionError(error, options, request));
      };
      stop = () => fail(undefined);
      if (signal.aborted) return stop();
      try {
        work().then((value) => {
          stopTimer();
          resolve(value);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  const sentAt = performance.now();
  try {
    const response = await withTimeout(
      () =>
        options.fetch(options.baseUrl + request.path, {
          method: request.method,
          headers: options.authorize(headersOf(request, accept, options)),
          signal,
          redirect: "manual",
          ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        }),
      options.timeoutMs,
      () => toTimeoutError(options, request),
    );
    const open: OpenResponse = { response, close, withTimeout };
    if (response.status >= 200 && response.status <= 299) return open;
    const body = await readErrorBody(open, options, request, timeLeft(options, sentAt));
    throw toHttpError(response, body, options, request);
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Sends one request, without retries, and reads its JSON answer, both within `timeoutMs`.
 *
 * @throws {ProtocolError} if the answer is truncated, empty or not JSON; for a POST, that counts as a lost answer
 */
export async function requestJson(options: ResolvedOptions, request: HttpRequest): Promise<unknown> {
  const mayHaveBeenApplied = request.method !== "GET";
  const sentAt = performance.now();
  const open = await openResponse(options, request, "application/json");
  try {
    const limitMs = timeLeft(options, sentAt);
    const { text, complete } = await readBody(open, maxMessageBytes, limitMs, options, request);
    if (!complete) {
      throw new OversizedAnswer(
        `the answer is over ${maxMessageBytes} bytes (${request.method} ${request.path})`,
        { mayHaveBeenApplied },
      );
    }
    try {
      return JSON.parse(text);
    } catch {
      // Leave out the parser's error: it quotes the answer, which may contain the key.
      const type = options.redact(open.response.headers.get("content-type") ?? "no content type");
      const what = text === "" ? "empty" : `not JSON but ${type}: ${excerpt(options.redact(text))}`;
      throw new ProtocolError(
        `the answer is ${what} (${request.method} ${request.path}); is this a Smithers server?`,
        { mayHaveBeenApplied },
      );
    }
  } finally {
    open.close();
  }
}

function headersOf(
  request: HttpRequest,
  accept: string,
  { usesGlobalFetch }: ResolvedOptions,
): Record<string, string> {
  // A proxy that compresses an event stream may hold events back.
  const headers: Record<string, string> = { Accept: accept, "Accept-Encoding": "identity" };
  if (request.body !== undefined) headers["Content-Type"] = "application/json";
  // A kept-alive connection may be one that the server has just closed. The call would look as if its answer was lost,
  // and a decision must not be repeated in that case. On a stream, the header would hide whether the end was clean.
  if (usesGlobalFetch && accept === "application/json") headers["Connection"] = "close";
  return headers;
}

function timeLeft({ timeoutMs }: ResolvedOptions, sentAt: number): number {
  return Math.max(1, timeoutMs - (performance.now() - sentAt));
}

async function readErrorBody(
  open: OpenResponse,
  options: ResolvedOptions,
  request: HttpRequest,
  limitMs: number,
): Promise<ErrorBody> {
  const limit = maxErrorBodyBytes;
  try {
    return { ...(await readBody(open, limit, limitMs, options, request)), limit };
  } catch (error) {
    if (options.signal?.aborted) throw error;
    // The status is what matters; an incomplete body adds nothing to it.
    return { text: "", complete: true, limit };
  }
}

async function readBody(
  open: OpenResponse,
  limit: number,
  limitMs: number,
  options: ResolvedOptions,
  request: HttpRequest,
): Promise<{ text: string; complete: boolean }> {
  if (open.response.body === null) return { text: "", complete: true };
  const chunks = chunksOf(open.response.body);
  const decoder = new TextDecoder();
  const endsAt = performance.now() + limitMs;
  const parts: string[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await open.withTimeout(
      () => chunks.next(),
      Math.max(1, endsAt - performance.now()),
      () => toTimeoutError(options, request),
    );
    if (done) return { text: parts.join("") + decoder.decode(), complete: true };
    const room = limit - bytes;
    parts.push(decoder.decode(value.length > room ? value.subarray(0, room) : value, { stream: true }));
    bytes += value.length;
    if (bytes > limit) return { text: parts.join(""), complete: false };
  }
}
