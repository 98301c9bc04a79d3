import type { Connection } from "./connection.js";
import { ConnectionError } from "./errors/connection-error.js";
import { HttpError } from "./errors/http-error.js";
import { ProtocolError } from "./errors/protocol-error.js";
import { SmithersError } from "./errors/smithers-error.js";
import { TimeoutError } from "./errors/timeout-error.js";
import { chunksOf, type FetchResponse } from "./fetch.js";
import { linkAbort } from "./linked-abort.js";
import { neverConnected } from "./never-connected.js";
import type { Route } from "./routes.js";

/** The most one message may weigh, an answer or an event, in bytes: 64 MiB. */
export const messageLimit = 64 * 1024 * 1024;
/** The most that is read of an error's body, in bytes. */
const errorBodyLimit = 64 * 1024;

/** A response whose body is still to be read, and the means to stop reading it. */
export interface OpenResponse {
  response: FetchResponse;
  /** Closes the connection; a read under way ends with `reason`. */
  close(reason?: unknown): void;
  /**
   * Waits for one step of reading the body, at most `limitMs`; past it the connection closes with `onLimit`'s error.
   * A broken connection throws a {@link ConnectionError}, an abort the caller's reason.
   */
  step<T>(work: () => Promise<T>, limitMs: number, onLimit: () => Error): Promise<T>;
}

/**
 * Sends one request, once, and waits for its headers.
 *
 * @throws {HttpError} for a redirect or a status that is not success, after reading its body up to a bound
 * @throws {ConnectionError | TimeoutError} or the caller's abort reason
 */
export async function openExchange(
  connection: Connection,
  route: Route,
  accept: string,
): Promise<OpenResponse> {
  connection.signal?.throwIfAborted();
  const { controller, unlink } = linkAbort(connection.signal);
  const { signal } = controller;
  const close = (reason?: unknown) => {
    unlink();
    controller.abort(reason);
  };

  // Ends the step that is waited for, which makes an abort immediate also where a caller's own fetch does not heed the
  // signal. One listener for the whole exchange: a stream takes a step for each of its chunks.
  let stop: (() => void) | undefined;
  signal.addEventListener("abort", () => stop?.(), { once: true });

  function step<T>(work: () => Promise<T>, limitMs: number, onLimit: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = Number.isFinite(limitMs)
        ? setTimeout(() => close(onLimit()), Math.min(limitMs, 2 ** 31 - 1))
        : undefined;
      const done = (value: T) => {
        clearTimeout(timer);
        resolve(value);
      };
      const fail = (error: unknown) => {
        clearTimeout(timer);
        if (signal.aborted) return reject(signal.reason as Error);
        // A fetch that knows better says so in our own errors.
        reject(error instanceof SmithersError ? error : asConnectionError(error, connection, route));
      };
      stop = () => fail(undefined);
      if (signal.aborted) return stop();
      try {
        work().then(done, fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  const headers: Record<string, string> = { Accept: accept };
  if (route.body !== undefined) headers["Content-Type"] = "application/json";
  try {
    const sent = performance.now();
    const response = await step(
      () =>
        connection.fetch(connection.baseUrl + route.path, {
          method: route.method,
          headers: connection.authorize(headers),
          signal,
          redirect: "manual",
          ...(route.body === undefined ? {} : { body: JSON.stringify(route.body) }),
        }),
      connection.timeoutMs,
      () => outOfTime(connection, route),
    );
    const open: OpenResponse = { response, close, step };
    if (response.status < 200 || response.status > 299) {
      const left = Math.max(1, connection.timeoutMs - (performance.now() - sent));
      throw await asHttpError(open, connection, route, left);
    }
    return open;
  } catch (error) {
    close();
    throw error;
  }
}

/** Sends one request, once, and reads its JSON answer, both within the connection's `timeoutMs`. */
export async function exchange(connection: Connection, route: Route): Promise<unknown> {
  const started = performance.now();
  const open = await openExchange(connection, route, "application/json");
  try {
    const left = Math.max(1, connection.timeoutMs - (performance.now() - started));
    const { text, complete } = await readBody(open, messageLimit, left, connection, route);
    if (!complete)
      throw new ProtocolError(`the answer is over ${messageLimit} bytes (${route.method} ${route.path})`);
    try {
      return JSON.parse(text);
    } catch {
      // Without the parser's error as its cause: that quotes the answer, which may hold the key.
      const type = connection.redact(open.response.headers.get("content-type") ?? "no content type");
      throw new ProtocolError(
        `the answer is not JSON but ${type}: ${excerpt(connection.redact(text))} (${route.method} ${route.path}); ` +
          "is this a Smithers server?",
      );
    }
  } finally {
    open.close();
  }
}

async function readBody(
  open: OpenResponse,
  limit: number,
  timeoutMs: number,
  connection: Connection,
  route: Route,
): Promise<{ text: string; complete: boolean }> {
  if (open.response.body === null) return { text: "", complete: true };
  const chunks = chunksOf(open.response.body);
  const decoder = new TextDecoder();
  const ends = performance.now() + timeoutMs;
  const parts: string[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await open.step(
      () => chunks.next(),
      Math.max(1, ends - performance.now()),
      () => outOfTime(connection, route),
    );
    if (done) return { text: parts.join("") + decoder.decode(), complete: true };
    const room = limit - bytes;
    parts.push(decoder.decode(value.length > room ? value.subarray(0, room) : value, { stream: true }));
    bytes += value.length;
    if (bytes > limit) return { text: parts.join(""), complete: false };
  }
}

function outOfTime({ timeoutMs }: Connection, { method, path }: Route): TimeoutError {
  return new TimeoutError({ timeoutMs, method, path, mayHaveBeenApplied: method !== "GET" });
}

async function asHttpError(
  open: OpenResponse,
  connection: Connection,
  route: Route,
  timeoutMs: number,
): Promise<HttpError> {
  const { status, headers } = open.response;
  const common = { status, method: route.method, path: route.path };
  if (status >= 300 && status < 400) {
    const target = headers.get("location");
    return new HttpError({
      ...common,
      code: "REDIRECT_REFUSED",
      serverMessage:
        `the server redirects${target === null ? "" : ` to ${connection.redact(target)}`}, which is not followed: ` +
        "it could send the key or the request elsewhere; use the address it points to as the base URL",
    });
  }
  let body: { text: string; complete: boolean };
  try {
    body = await readBody(open, errorBodyLimit, timeoutMs, connection, route);
  } catch (error) {
    if (connection.signal?.aborted) throw error;
    // The status is what matters; a body that broke off adds nothing to it.
    body = { text: "", complete: true };
  }
  const said = connection.redact(body.text);
  const retryAfterMs = retryAfter(headers.get("retry-after"));
  const error = parseErrorBody(said, connection);
  if (error !== undefined) return new HttpError({ ...common, ...error, retryAfterMs });
  const type = connection.redact(headers.get("content-type") ?? "no content type");
  const size = body.complete ? "" : ` (over ${errorBodyLimit} bytes, the rest refused)`;
  const serverMessage =
    said.trim() === "" ? "" : `the answer is not a Smithers server's but ${type}${size}: ${excerpt(said)}`;
  return new HttpError({ ...common, serverMessage, retryAfterMs });
}

function parseErrorBody(
  text: string,
  connection: Connection,
): { code?: string; serverMessage: string; details?: unknown } | undefined {
  // Once more after parsing, since JSON may spell the key with escapes.
  const redact = (_: string, value: unknown) =>
    typeof value === "string" ? connection.redact(value) : value;
  try {
    const { error } = JSON.parse(text, redact) as { error?: unknown };
    // Some routes of newer servers and of proxies answer {"error": "text"}.
    if (typeof error === "string") return { serverMessage: error };
    if (typeof error !== "object" || error === null) return undefined;
    const { code, message, details } = error as Record<string, unknown>;
    if (typeof code !== "string" && typeof message !== "string") return undefined;
    return {
      ...(typeof code === "string" ? { code } : {}),
      serverMessage: typeof message === "string" ? message : "",
      ...(details === undefined ? {} : { details }),
    };
  } catch {
    return undefined;
  }
}

/** The start of a page's words, on one line. */
function excerpt(text: string): string {
  const words = text
    .slice(0, 4096)
    .replace(/<(script|style)\b[^]*?<\/\1>|<[^>]*>/gi, " ")
    .replace(/\s+/g, " ")
    .trim();
  return `"${words.length > 200 ? `${words.slice(0, 200)}…` : words}"`;
}

/** `Retry-After` in milliseconds: a number of seconds, or a date. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function asConnectionError(error: unknown, connection: Connection, route: Route): ConnectionError {
  const networkCode = networkCodeOf(error);
  const never = networkCode === undefined ? undefined : neverConnected.get(networkCode);
  const said = connection.redact(error instanceof Error ? error.message : String(error));
  const why = never ?? `the connection broke (${networkCode ?? said})`;
  const what = never === undefined ? "lost the connection to" : "cannot reach";
  const cause = mentionsKey(error, connection) ? said : error;
  return new ConnectionError(`${what} ${connection.baseUrl}: ${why} (${route.method} ${route.path})`, {
    method: route.method,
    path: route.path,
    networkCode,
    mayHaveBeenApplied: never === undefined && route.method !== "GET",
    cause,
  });
}

/** A network's error may quote the request, or what a server that echoes it sent, anywhere in its fields. */
function mentionsKey(value: unknown, connection: Connection, depth = 0): boolean {
  if (value instanceof Uint8Array) return mentionsKey(new TextDecoder("latin1").decode(value), connection);
  if (typeof value === "string") return connection.redact(value) !== value;
  if (typeof value !== "object" || value === null || depth > 4) return false;
  return Object.getOwnPropertyNames(value).some((name) =>
    mentionsKey((value as Record<string, unknown>)[name], connection, depth + 1),
  );
}

/** The code may sit on the error, on its cause, or on one of several tried addresses. */
function networkCodeOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== "object" || error === null || depth > 3) return undefined;
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === "string" && code !== "") return code;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  return networkCodeOf(cause, depth + 1) ?? networkCodeOf(first, depth + 1);
}
