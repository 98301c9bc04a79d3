import {
  ArgumentError,
  ConnectionError,
  HttpError,
  ProtocolError,
  SmithersError,
  TimeoutError,
} from "../client/index.js";
import type { Session } from "./command.js";
import { UsageError } from "./usage-error.js";
import { Interrupted } from "./context.js";
import { formatDuration } from "./describe/duration.js";
import { exitCodeOfHttpStatus, exitCodes } from "./exit-codes.js";
import { isRefusal } from "./describe/server-refusal.js";
import type { RunningGateway } from "./serve/find-gateway.js";
import { escapeControls } from "./terminal/escape-controls.js";

/** What to show of an error, and the exit code of the process. */
export interface Failure {
  exitCode: number;
  code: string;
  message: string;
  status?: number;
  hint?: string;
}

/** An error of the command line itself that is not the user's mistake. */
export class CommandError extends Error {
  constructor(
    /** A stable code for `--json`. */
    readonly code: string,
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
    this.name = "CommandError";
  }
}

/** The abort reason of `--timeout`. */
export class TimedOut extends Error {
  constructor(readonly afterMs: number) {
    super(`--timeout of ${formatDuration(afterMs)} ran out`);
    this.name = "TimedOut";
  }
}

/** What is known about the call that failed. */
export interface FailureContext {
  baseUrl: string | undefined;
  commandLine: Session["commandLine"];
  /** The command that failed; `undefined` if the command line could not be parsed. */
  commandName: string | undefined;
  /** Whether the server that went away is a gateway, if known. */
  isGateway?: boolean | undefined;
  /** A gateway that is running here, if nothing answered at the default address. */
  runningGateway?: RunningGateway | undefined;
}

/** Describes an error for a user, with the server that it is about and what to do next. */
export function describeFailure(error: unknown, context: FailureContext): Failure {
  const { baseUrl } = context;
  const failure = classify(error);
  const hint = failure.hint ?? generalHint(error, failure, context);
  if (hint !== undefined) failure.hint = hint;
  const aboutServer = error instanceof SmithersError && !(error instanceof ArgumentError);
  if (aboutServer && baseUrl !== undefined && !failure.message.includes(baseUrl)) {
    failure.message += `, from ${baseUrl}`;
  }
  return failure;
}

function classify(error: unknown): Failure {
  if (error instanceof UsageError) {
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return { exitCode: exitCodes.usage, code: error.code, message: error.message, ...hint };
  }
  if (error instanceof ArgumentError) {
    return { exitCode: exitCodes.usage, code: error.code, message: error.message };
  }
  if (error instanceof HttpError) {
    const { status, code, message } = error;
    const exitCode = isRefusal(error) ? exitCodes.usage : exitCodeOfHttpStatus(status);
    return { exitCode, code, message, status };
  }
  if (error instanceof ConnectionError || error instanceof TimeoutError || error instanceof ProtocolError) {
    return { exitCode: exitCodes.server, code: error.code, message: error.message };
  }
  if (error instanceof Interrupted) {
    return { exitCode: exitCodes[error.signalName], code: "INTERRUPTED", message: error.message };
  }
  if (error instanceof TimedOut)
    return { exitCode: exitCodes.timedOut, code: "TIMED_OUT", message: error.message };
  if (error instanceof CommandError) {
    return { exitCode: error.exitCode, code: error.code, message: error.message };
  }
  if (error instanceof Error && "syscall" in error && error.syscall === "write") {
    const code = "code" in error && typeof error.code === "string" ? error.code : "WRITE";
    return { exitCode: exitCodes.usage, code, message: `cannot write the output: ${error.message}` };
  }
  return { exitCode: exitCodes.bug, code: "BUG", message: bugMessage(error) };
}

/** Returns one line about an unexpected error, wherever it comes from. */
export function bugMessage(error: unknown): string {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return (
    `this is a bug in smithers-client (${what.replace(/\s+/g, " ")}); please report it with what the same command ` +
    "prints with --debug: npm bugs smithers-client"
  );
}

/** Returns the exit code for an error. */
export function exitCodeOfError(error: unknown): number {
  return classify(error).exitCode;
}

function generalHint(
  error: unknown,
  failure: Failure,
  { commandLine, commandName, isGateway, runningGateway }: FailureContext,
): string | undefined {
  if (error instanceof ArgumentError && /^https?_proxy$/i.test(error.argument))
    return proxyHint(error.argument);
  if (error instanceof HttpError) {
    const { status, code } = error;
    if (status === 407)
      return "put the proxy's user and password into its variable: http://user:password@proxy.example:3128";
    if (status === 401 && /^(Host|Origin) /.test(error.serverMessage))
      return "name it as 127.0.0.1 in --base-url or SMITHERS_BASE_URL, or start it with a token";
    const scope = requiredScope(error);
    if (scope !== undefined)
      return `use a token with the scope ${scope}, in SMITHERS_API_KEY or --api-key <key>`;
    if (status === 401 || status === 403) return "set SMITHERS_API_KEY, or pass --api-key <key>";
    if (code === "ONE_RUN_SERVER") return commandLine("status", (error.details as { runId: string }).runId);
    if (code === "GATEWAY")
      return "name a server with --base-url or SMITHERS_BASE_URL; 'smithers-client serve' starts one";
    if (code === "NEEDS_GATEWAY")
      return "start a Smithers gateway ('smithers-client serve --gateway'), and name it with --base-url";
    if (code === "NEWER_ROUTE")
      return "use a newer server: install a newer smithers-orchestrator where it runs";
    if (code === "DB_NOT_CONFIGURED")
      return "start the server with a database: without one it keeps no list of runs";
    if (status === 413) return "put the data where the workflow can read it, and pass its name as input";
    if (status === 404 && code !== "HTTP_404") return commandLine("ls");
  }
  if (
    error instanceof ProtocolError ||
    (error instanceof HttpError && /^(HTTP_|REDIRECT)/.test(error.code))
  ) {
    return "check that --base-url or SMITHERS_BASE_URL names a Smithers server";
  }
  if (error instanceof HttpError && error.status >= 500 && failure.exitCode === exitCodes.server)
    return "check the server's log, or try again";
  if (error instanceof TimeoutError) return "try again, or check whether the server is overloaded";
  if (error instanceof ConnectionError) {
    if (runningGateway !== undefined) {
      const { url, needsToken } = runningGateway;
      const token = needsToken ? ", and its token in SMITHERS_API_KEY" : "";
      return `this directory's gateway listens on ${url}: set SMITHERS_BASE_URL=${url}${token}`;
    }
    const known = networkHint(error.networkCode);
    if (known !== undefined) return known;
    if (error.position === undefined)
      return "start a server with 'smithers-client serve', or name yours with --base-url or SMITHERS_BASE_URL";
    return isGateway === true
      ? "start the gateway again, then watch the run again; a gateway that another command started stops after 5 idle minutes"
      : "check that the server is running, then watch the run again";
  }
  if (failure.exitCode === exitCodes.usage)
    return commandLine(commandName === undefined ? "--help" : `${commandName} --help`);
  return undefined;
}

/** Returns the scope that a gateway's token lacks, if that is why the gateway refused the request. */
function requiredScope({ status, details }: HttpError): string | undefined {
  const { requiredScope: scope } = (details ?? {}) as { requiredScope?: unknown };
  return status === 403 && typeof scope === "string" && scope !== "" ? escapeControls(scope) : undefined;
}

function proxyHint(variable: string): string {
  return `correct ${variable}, or name the server's host in NO_PROXY`;
}

/** Returns what to do about a network error whose code shows the reason. */
function networkHint(code = ""): string | undefined {
  if (code.startsWith("PROXY_")) return proxyHint("that variable");
  if (/SELF_SIGNED|ISSUER_CERT|LEAF_SIGNATURE/.test(code))
    return "if you trust that server, set NODE_EXTRA_CA_CERTS to a file with the certificate of its authority (PEM)";
  if (/^CERT_/.test(code)) return "renew the server's certificate, or set this machine's clock right";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return "use a name that its certificate is for in --base-url or SMITHERS_BASE_URL";
  if (/^EPROTO$|^ERR_SSL/.test(code)) return "try http:// in --base-url or SMITHERS_BASE_URL";
  return undefined;
}
