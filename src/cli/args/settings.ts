import { defaultBaseUrl } from "../../client/index.js";
import { UsageError } from "../usage-error.js";
import { parseDuration } from "../describe/duration.js";
import type { Format } from "../formats/format.js";
import { formats } from "../formats/index.js";
import { isSet, type Environment } from "../environment.js";

/** The flags that every command takes, before or after its name. */
export interface GlobalOptions {
  baseUrl?: string | undefined;
  apiKey?: string | undefined;
  json?: boolean;
  timeout?: number;
  debug?: boolean;
  /** commander's form of `--no-color`: true unless that flag is given. */
  color?: boolean;
  plain?: boolean;
}

export const globalOptions = [
  { flags: "--base-url <url>", description: `the server (SMITHERS_BASE_URL; default ${defaultBaseUrl})` },
  {
    flags: "--api-key <key>",
    description: "the server's token (better: SMITHERS_API_KEY, which process lists do not show)",
  },
  { flags: "--json", description: "JSON on stdout, and errors as JSON on stderr (SMITHERS_FORMAT=json)" },
  {
    flags: "--timeout <duration>",
    description: "give up after 30s, 5m, …; the run continues",
    parse: parseDuration,
  },
  { flags: "--debug", description: "log HTTP requests to stderr" },
  { flags: "--no-color", description: "no colours (also NO_COLOR)" },
  {
    flags: "--plain",
    description: "for screen readers: no redraws, words instead of symbols (SMITHERS_PLAIN=1)",
  },
] as const;

export const environmentHelp: readonly (readonly [string, string])[] = [
  ["SMITHERS_BASE_URL", `the server; default ${defaultBaseUrl}`],
  ["SMITHERS_API_KEY", "the server's token"],
  ["SMITHERS_FORMAT", `${formats.map(({ name }) => name).join(" or ")}; default ${formats[0]?.name}`],
  ["SMITHERS_PLAIN", "1 is the same as --plain"],
  ["NO_COLOR, FORCE_COLOR", "never or always use colours"],
  ["COLUMNS", "the width of the output, instead of the terminal's"],
  ["CI, GITHUB_ACTIONS", "how a followed run is printed: plain lines, or groups and annotations"],
  [
    "HTTPS_PROXY, HTTP_PROXY",
    "the proxy for https:// and http:// servers (none for http:// on this machine)",
  ],
  ["NO_PROXY", "hosts and networks that are reached without a proxy"],
  ["NODE_EXTRA_CA_CERTS", "a file of certificates to trust in addition to the system's"],
];

/** The settings from a command line and its environment. */
export interface Settings {
  baseUrl: string;
  /** Whether it was given by a flag. If so, a command line to type next must name it too. */
  baseUrlIsFlag: boolean;
  /** Whether neither a flag nor the environment set it. */
  baseUrlIsDefault: boolean;
  apiKey: string | undefined;
  timeoutMs: number | undefined;
  debug: boolean;
  noColor: boolean;
  plain: boolean;
}

/** Reads the settings. A flag comes first, then the environment, then the default. */
export function readSettings(options: GlobalOptions, env: Environment): Settings {
  return {
    baseUrl: options.baseUrl ?? (env["SMITHERS_BASE_URL"] || defaultBaseUrl),
    baseUrlIsFlag: options.baseUrl !== undefined,
    baseUrlIsDefault: options.baseUrl === undefined && !env["SMITHERS_BASE_URL"],
    apiKey: options.apiKey ?? (env["SMITHERS_API_KEY"] || undefined),
    timeoutMs: options.timeout,
    debug: options.debug ?? false,
    noColor: options.color === false,
    plain: options.plain ?? isSet(env, "SMITHERS_PLAIN"),
  };
}

/**
 * Returns the requested format.
 *
 * @throws {UsageError} if `SMITHERS_FORMAT` is not a format
 */
export function readFormat(json: boolean, env: Environment): Format {
  const name = json ? "json" : env["SMITHERS_FORMAT"] || formats[0]?.name;
  const format = formats.find((candidate) => candidate.name === name);
  if (format !== undefined) return format;
  throw new UsageError(
    `SMITHERS_FORMAT is '${name}'; it must be ${formats.map((each) => each.name).join(" or ")}`,
  );
}
