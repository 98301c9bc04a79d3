import {
  ArgumentError,
  ConnectionError,
  HttpError,
  ProtocolError,
  SmithersError,
  TimeoutError,
} from "../client/index.js";
import { UsageError } from "./command.js";
import { Interrupted } from "./context.js";
import { formatDuration } from "./duration.js";
import { exitCodes } from "./exit-codes.js";

/** What is told of an error, and the code that the process ends with. */
export interface Failure {
  exitCode: number;
  code: string;
  message: string;
  status?: number;
  hint?: string;
}

/** The reason of an abort by `--timeout`. */
export class TimedOut extends Error {
  constructor(readonly afterMs: number) {
    super(`--timeout of ${formatDuration(afterMs)} ran out`);
    this.name = "TimedOut";
  }
}

/** Puts an error into words for a person, with the server it is about. */
export function describeFailure(error: unknown, baseUrl: string | undefined): Failure {
  const failure = classify(error);
  const aboutServer = error instanceof SmithersError && !(error instanceof ArgumentError);
  if (aboutServer && baseUrl !== undefined && !failure.message.includes(baseUrl)) {
    failure.message += `, from ${baseUrl}`;
  }
  return failure;
}

function classify(error: unknown): Failure {
  if (error instanceof UsageError) {
    return { exitCode: exitCodes.usage, code: error.code, message: error.message, ...optional("hint", error.hint) };
  }
  if (error instanceof ArgumentError) {
    return { exitCode: exitCodes.usage, code: error.code, message: error.message };
  }
  if (error instanceof HttpError) {
    const { status, code, message } = error;
    return { exitCode: exitCodeOfHttpStatus(status), code, message, status, ...optional("hint", generalHint(error)) };
  }
  if (error instanceof ConnectionError || error instanceof TimeoutError || error instanceof ProtocolError) {
    return { exitCode: exitCodes.server, code: error.code, message: error.message, ...optional("hint", generalHint(error)) };
  }
  if (error instanceof Interrupted) {
    return { exitCode: exitCodes[error.signalName], code: "INTERRUPTED", message: error.message };
  }
  if (error instanceof TimedOut) return { exitCode: exitCodes.timedOut, code: "TIMED_OUT", message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "INTERNAL";
  return { exitCode: exitCodes.server, code, message };
}

function exitCodeOfHttpStatus(status: number): number {
  if (status === 401 || status === 403) return exitCodes.notAuthorised;
  // "Later" is the server's trouble, not the caller's mistake.
  if (status === 408 || status === 425 || status === 429) return exitCodes.server;
  return status >= 400 && status < 500 ? exitCodes.usage : exitCodes.server;
}

function generalHint(error: unknown): string | undefined {
  if (error instanceof HttpError) {
    if (error.status === 401 || error.status === 403) return "set SMITHERS_API_KEY, or pass --api-key <key>";
    if (error.code === "DB_NOT_CONFIGURED") return "this server was started without a database and keeps no list of runs";
    if (error.code === "PAYLOAD_TOO_LARGE") return "put the data where the workflow can read it, and pass its name as input";
    if (error.status === 404 && error.serverMessage === "Run not found") return "smithers-client ls";
  }
  if (error instanceof ProtocolError || (error instanceof HttpError && error.code.startsWith("HTTP_"))) {
    return "check that --base-url or SMITHERS_BASE_URL is a Smithers server";
  }
  if (error instanceof ConnectionError && error.position === undefined) {
    return "start a server with 'smithers-client serve', or name yours with --base-url or SMITHERS_BASE_URL";
  }
  return undefined;
}

function optional<Key extends string>(key: Key, value: string | undefined): { [K in Key]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]?: string });
}
