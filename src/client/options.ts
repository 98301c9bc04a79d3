import { ArgumentError } from "./errors/argument-error.js";
import type { Fetch } from "./http/fetch.js";

/** The server's address if no option sets another. */
export const defaultBaseUrl = "http://127.0.0.1:7331";

/** Options of every call, all optional. `createClient` sets them for all calls. */
export interface ConnectionOptions {
  /** The server's URL; may include a path prefix. Default: `http://127.0.0.1:7331`. */
  baseUrl?: string | undefined;
  /** Sent as `Authorization: Bearer …`. Default: no key is sent. */
  apiKey?: string | undefined;
  /** Ends the call, whatever it is waiting for; the call then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** The time limit of one attempt: for headers and body, or on a stream, for the headers. In ms. Default: 30,000. */
  timeoutMs?: number | undefined;
  /** How many times a call that is safe to repeat is retried. Default: 2. */
  retries?: number | undefined;
  /** Sends the requests. Default: the global `fetch`. */
  fetch?: Fetch | undefined;
}

/** {@link ConnectionOptions}, checked and with the defaults filled in. */
export interface ResolvedOptions {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly fetch: Fetch;
  readonly usesGlobalFetch: boolean;
  authorize(headers: Record<string, string>): Record<string, string>;
  /** Removes the key from text that a server or the network produced. */
  redact(text: string): string;
}

/**
 * Checks the options before any request.
 *
 * @throws {ArgumentError} for a base URL or key that could not be sent
 */
export function resolveOptions(options: ConnectionOptions): ResolvedOptions {
  const key = checkedKey(options.apiKey);
  const spellings = spellingsOf(key);
  return {
    baseUrl: checkedBaseUrl(options.baseUrl ?? defaultBaseUrl),
    signal: options.signal,
    timeoutMs: checkedDuration("timeoutMs", options.timeoutMs ?? 30_000),
    retries: checkedCount("retries", options.retries ?? 2),
    fetch: options.fetch ?? globalThis.fetch,
    usesGlobalFetch: options.fetch === undefined,
    authorize: (headers) => (key === "" ? headers : { ...headers, Authorization: `Bearer ${key}` }),
    redact: (text) => (spellings === undefined ? text : text.replace(spellings, "[api key]")),
  };
}

/**
 * Returns a pattern that matches a key as it is, and in every way that JSON (including JSON in a string of JSON) or a
 * URL can encode its characters; `undefined` if there is no key, or if it has only one to three letters: removing those
 * would blank out ordinary words and protect nothing.
 */
function spellingsOf(key: string): RegExp | undefined {
  if (key.length < 4) return undefined;
  const spellings = [...key].map((letter) => {
    const hex = letter.charCodeAt(0).toString(16).padStart(4, "0");
    const asNumber = anyCase(`u${hex}${letter === "\t" ? "|t" : ""}`);
    const inUrl = [...new TextEncoder().encode(letter)].map(
      (byte) => `%${byte.toString(16).padStart(2, "0")}`,
    );
    // A string inside a string doubles the backslashes. Allow up to eight.
    return `\\\\{0,8}\\u${hex}|\\\\{1,8}(?:${asNumber})|${anyCase(inUrl.join(""))}`;
  });
  return new RegExp(spellings.map((spelling) => `(?:${spelling})`).join(""), "g");
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function checkedBaseUrl(text: string): string {
  const wrong = (why: string) => new ArgumentError("baseUrl", `the base URL ${why}`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // Do not repeat the text: even if it is not a URL, it may contain a password.
    throw wrong(`is not a URL; it should look like ${defaultBaseUrl}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw wrong("carries credentials, which would end up in logs; pass the key as apiKey");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw wrong(
      `should start with http:// or https://, not ${url.protocol}; it should look like ${defaultBaseUrl}`,
    );
  }
  if (url.search !== "" || url.hash !== "" || /[?#]/.test(text)) {
    throw wrong("carries a query or a fragment; only a path prefix may follow the host");
  }
  return url.origin + url.pathname.replace(/\/+$/, "");
}

function checkedKey(key: string | undefined): string {
  if (key === undefined || key === "") return "";
  const at = key.search(/[^\t\x20-\x7e\x80-\xff]/);
  if (at !== -1) {
    const what = /[\r\n]/.test(key[at] ?? "") ? "a line break" : "a character that a header cannot carry";
    throw new ArgumentError("apiKey", `the API key has ${what} at position ${at + 1} of ${key.length}`);
  }
  return key;
}

/**
 * Checks a duration. `Infinity` means no limit; `finite` rejects it, because a delay cannot be unlimited.
 *
 * @throws {ArgumentError} unless it is a number of milliseconds above 0
 */
export function checkedDuration(argument: string, ms: number, { finite = false } = {}): number {
  if (typeof ms === "number" && ms > 0 && !(finite && ms === Infinity)) return ms;
  const what = finite ? "a finite number" : "a number";
  throw new ArgumentError(argument, `${argument} must be ${what} of milliseconds above 0, not ${String(ms)}`);
}

/** @throws {ArgumentError} unless it is an integer of at least `min` */
export function checkedCount(argument: string, count: number, min = 0): number {
  if (Number.isSafeInteger(count) && count >= min) return count;
  throw new ArgumentError(
    argument,
    `${argument} must be an integer of at least ${min}, not ${String(count)}`,
  );
}
