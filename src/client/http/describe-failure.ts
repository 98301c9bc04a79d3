import { ConnectionError } from "../errors/connection-error.js";
import { HttpError, isOwnHttpCode, ownHttpCodes } from "../errors/http-error.js";
import { TimeoutError } from "../errors/timeout-error.js";
import type { ResolvedOptions } from "../options.js";
import { connectionErrorMessages } from "./connection-error-messages.js";
import type { FetchResponse } from "./fetch.js";
import type { HttpRequest } from "./request.js";
import { isGatewayStatus } from "./retry.js";

/** An error's body, up to a limit. */
export interface ErrorBody {
  text: string;
  complete: boolean;
  limit: number;
}

/** Converts an unsuccessful response to an error. */
export function toHttpError(
  { status, headers }: FetchResponse,
  body: ErrorBody,
  options: ResolvedOptions,
  { method, path }: HttpRequest,
): HttpError {
  const mayHaveBeenApplied = method !== "GET" && isGatewayStatus(status);
  const apiVersion = headers.get("x-smithers-api-version") ?? undefined;
  const common = { status, method, path, mayHaveBeenApplied, apiVersion };
  if (status >= 300 && status < 400) {
    const target = headers.get("location");
    return new HttpError({
      ...common,
      code: ownHttpCodes.redirectRefused,
      serverMessage:
        `the server redirects${target === null ? "" : ` to ${options.redact(target)}`}, which is not followed: ` +
        "it could send the key or the request elsewhere; use the address it points to as the base URL",
    });
  }
  const text = options.redact(body.text);
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"));
  const error = parseErrorBody(text, options);
  if (error !== undefined) return new HttpError({ ...common, ...error, retryAfterMs });
  const type = options.redact(headers.get("content-type") ?? "no content type");
  const size = body.complete ? "" : ` (over ${body.limit} bytes, the rest refused)`;
  const serverMessage =
    text.trim() === "" ? "" : `the answer is not a Smithers server's but ${type}${size}: ${excerpt(text)}`;
  return new HttpError({ ...common, serverMessage, retryAfterMs });
}

/** Parses the body of a server's error; `undefined` if it is not one. */
function parseErrorBody(
  text: string,
  options: ResolvedOptions,
): { code?: string; serverMessage: string; details?: unknown } | undefined {
  try {
    // JSON may contain the key in escaped form, in a name as well as in a value.
    const { error } = redactStrings(JSON.parse(text), options) as { error?: unknown };
    // Some routes of newer servers and of proxies answer {"error": "text"}.
    if (typeof error === "string") return { serverMessage: error };
    if (typeof error !== "object" || error === null) return undefined;
    const { code, message, details = othersOf(error) } = error as Record<string, unknown>;
    if (typeof code !== "string" && typeof message !== "string") return undefined;
    return {
      ...(typeof code === "string" && !isOwnHttpCode(code) ? { code } : {}),
      serverMessage: typeof message === "string" ? message : "",
      ...(details === undefined ? {} : { details }),
    };
  } catch {
    return undefined;
  }
}

/** Returns the fields besides code and message: a gateway puts details such as `requiredScope` next to the code. */
function othersOf(error: object): Record<string, unknown> | undefined {
  const others = Object.entries(error).filter(([name]) => !["code", "message", "version"].includes(name));
  return others.length === 0 ? undefined : Object.fromEntries(others);
}

function redactStrings(value: unknown, options: ResolvedOptions): unknown {
  if (typeof value === "string") return options.redact(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => redactStrings(each, options));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [options.redact(name), redactStrings(each, options)]),
  );
}

/** Returns the first words of a page, on one line. */
export function excerpt(text: string): string {
  const words = text
    .slice(0, 4096)
    .replace(/<(script|style)\b[^]*?<\/\1>|<[^>]*>/gi, " ")
    .replace(/\s+/g, " ")
    .trim();
  return `"${words.length > 200 ? `${words.slice(0, 200)}…` : words}"`;
}

/** Parses a `Retry-After` header, a number of seconds or a date. Returns milliseconds; `undefined` if there is none. */
function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

export function toTimeoutError({ timeoutMs }: ResolvedOptions, { method, path }: HttpRequest): TimeoutError {
  return new TimeoutError({ timeoutMs, method, path, mayHaveBeenApplied: method !== "GET" });
}

/** Converts an error that the network threw. */
export function toConnectionError(
  error: unknown,
  options: ResolvedOptions,
  { method, path }: HttpRequest,
): ConnectionError {
  const networkCode = networkCodeOf(error);
  const neverConnected = networkCode === undefined ? undefined : connectionErrorMessages.get(networkCode);
  const message = options.redact(error instanceof Error ? error.message : String(error));
  const why = neverConnected ?? `the connection broke (${networkCode ?? message})`;
  const what = neverConnected === undefined ? "lost the connection to" : "cannot reach";
  return new ConnectionError(`${what} ${options.baseUrl}: ${why} (${method} ${path})`, {
    method,
    path,
    networkCode,
    mayHaveBeenApplied: neverConnected === undefined && method !== "GET",
    cause: mentionsKey(error, options) ? message : error,
  });
}

/**
 * Whether any field of a network error contains the key. Such an error may quote the request or what the server sent.
 */
function mentionsKey(value: unknown, options: ResolvedOptions, depth = 0): boolean {
  if (value instanceof Uint8Array) return mentionsKey(new TextDecoder("latin1").decode(value), options);
  if (typeof value === "string") return options.redact(value) !== value;
  if (typeof value !== "object" || value === null || depth > 4) return false;
  return Object.getOwnPropertyNames(value).some((name) =>
    mentionsKey((value as Record<string, unknown>)[name], options, depth + 1),
  );
}

/**
 * Returns a network error's code, which is on the error, on its cause, or on one of several addresses that were tried.
 */
function networkCodeOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== "object" || error === null || depth > 3) return undefined;
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === "string" && code !== "") return code;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  return networkCodeOf(cause, depth + 1) ?? networkCodeOf(first, depth + 1);
}
