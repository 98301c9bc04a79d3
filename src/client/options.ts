import { ArgumentError } from "./errors/argument-error.js";
import type { Fetch } from "./http/fetch.js";

/** The server's address unless an option says otherwise. */
export const defaultBaseUrl = "http://127.0.0.1:7331";

/** Optional on every call; `createClient` sets them for every call. */
export interface ConnectionOptions {
  /** Where the server is; may carry a path prefix. Default: `http://127.0.0.1:7331`. */
  baseUrl?: string | undefined;
  /** Sent as `Authorization: Bearer …`. Default: none is sent. */
  apiKey?: string | undefined;
  /** Ends the call, whatever it waits for; it then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for one attempt, headers and body; on a stream, for the headers. Default: 30,000. */
  timeoutMs?: number | undefined;
  /** How many times a call that is safe to repeat is retried. Default: 2. */
  retries?: number | undefined;
  /** The network. Default: the global `fetch`. */
  fetch?: Fetch | undefined;
}

/** {@link ConnectionOptions} after the checks, with the defaults filled in. */
export interface ResolvedOptions {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly fetch: Fetch;
  readonly usesGlobalFetch: boolean;
  authorize(headers: Record<string, string>): Record<string, string>;
  /** Removes the key from a text that a server or the network produced. */
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
 * Matches a key as it is, and however JSON (also JSON in a string of JSON) or a URL spells each of its characters. A key
 * of one to three letters would blank out ordinary words, and guards nothing.
 */
function spellingsOf(key: string): RegExp | undefined {
  if (key.length < 4) return undefined;
  const spellings = [...key].map((letter) => {
    const hex = letter.charCodeAt(0).toString(16).padStart(4, "0");
    const asNumber = anyCase(`u${hex}${letter === "\t" ? "|t" : ""}`);
    const inUrl = [...new TextEncoder().encode(letter)].map(
      (byte) => `%${byte.toString(16).padStart(2, "0")}`,
    );
    // A string inside a string doubles the backslashes; more than a few of them are no spelling.
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
    // The text is not repeated here: what is not a URL may still hold a password.
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
 * Checks a duration. `Infinity` means no limit, which a delay cannot have (`finite`).
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
