import { ConnectionError } from "../client/index.js";
import { commandLine } from "./args/command-line.js";
import { parseCommandLine, type ParsedCommand } from "./args/program.js";
import { resolveRunIds } from "./args/run-ids.js";
import { readFormat, readSettings, type Settings } from "./args/settings.js";
import { commandNameOf } from "./args/syntax.js";
import { findCiSystem } from "./ci/index.js";
import { writeReports, type FollowEnding } from "./ci/reporter.js";
import type { FollowOutcome, LogOutcome, Outcome, Session } from "./command.js";
import { commandGroups, commands } from "./commands/index.js";
import { complete } from "./completion/complete.js";
import { completeWord } from "./completion/scripts.js";
import { Interrupted, type Context } from "./context.js";
import { exitCodes, worstExitCode } from "./exit-codes.js";
import { bugMessage, describeFailure, TimedOut, type Failure } from "./failure.js";
import type { Format } from "./formats/format.js";
import type { Output } from "./output.js";
import { findGateway } from "./serve/find-gateway.js";
import { createSession } from "./session/create-session.js";
import { limitTime } from "./session/limit-time.js";
import { exitCodeOf } from "./status-table.js";
import { styleFor } from "./terminal/color.js";
import { escapeControls, escapeJsonControls, escapeStack } from "./terminal/escape-controls.js";

/**
 * Runs the whole command line in the given context: one invocation from the words to the exit code.
 *
 * @param argv the words after the program's name
 * @returns the exit code; nothing is left running
 */
export async function main(argv: readonly string[], context: Context): Promise<number> {
  if (argv[0] === completeWord) {
    return complete(argv.slice(1), context, commands);
  }
  // Parsing the words may fail, and the error needs a format.
  let format = readFormat(false, {});
  let request: Awaited<ReturnType<typeof parseCommandLine>>;
  let settings: Settings;
  try {
    format = readFormat(hasFlag(argv, "--json"), context.env);
    request = await parseCommandLine(argv, commandGroups, context.version);
    if ("show" in request) {
      await context.stdout.write(request.show);
      return exitCodes.done;
    }
    // Now it is known which words are flags and which are values of flags.
    format = readFormat(request.globals.json === true, context.env);
    settings = readSettings(request.globals, context.env);
  } catch (error) {
    if (isClosedPipe(error)) return exitCodes.done;
    const output = await outputFor(context, { noColor: false, plain: false }, undefined);
    const failure = describeFailure(error, {
      baseUrl: undefined,
      commandName: undefined,
      commandLine: (ours, ...named) => commandLine(ours, named),
    });
    return reportFailure(failure, error, format, output, hasFlag(argv, "--debug"));
  }
  return runCommand(request, settings, format, context);
}

/** Runs the requested command and shows its result. */
async function runCommand(
  { command, args, options }: ParsedCommand,
  settings: Settings,
  format: Format,
  outside: Context,
): Promise<number> {
  const output = await outputFor(outside, settings, options["ci"] as string | undefined);
  const context = { ...outside, stdout: output.stdout, stderr: output.stderr };
  const limit = limitTime(outside.signal, settings.timeoutMs);
  const session = createSession(settings, format, output, context, limit.signal);
  let input = { args, options };
  const fail = async (error: unknown): Promise<Failure> => {
    const failure = describeFailure(error, {
      baseUrl: settings.baseUrl,
      commandName: commandNameOf(command),
      commandLine: session.commandLine,
      isGateway: await wasGateway(error, session),
      runningGateway: settings.baseUrlIsDefault && isRefused(error) ? await findGateway(context) : undefined,
    });
    const hint = await command.hint?.(error, input, session);
    return hint === undefined ? failure : { ...failure, hint };
  };
  try {
    command.check?.(input, session);
    input = { args: await resolveRunIds(command, args, session), options };
    const outcome = await command.execute(input, session);
    return await show(outcome, { format, output, session, fail, debug: settings.debug });
  } catch (error) {
    return await reportFailure(await fail(error), error, format, output, settings.debug);
  } finally {
    limit.end();
  }
}

/**
 * Whether the lost connection of a followed run was to a gateway; `undefined` if that is unknown or the error is
 * another.
 */
async function wasGateway(error: unknown, { cleanupClient }: Session): Promise<boolean | undefined> {
  if (!(error instanceof ConnectionError) || error.position === undefined) return undefined;
  return (await cleanupClient.getServerTraits().catch(() => undefined))?.resumesByItself;
}

/** Whether nothing is listening at the address. */
function isRefused(error: unknown): boolean {
  return error instanceof ConnectionError && error.networkCode === "ECONNREFUSED";
}

/** What is needed to show a result. */
interface Shown {
  format: Format;
  output: Output;
  session: Session;
  debug: boolean;
  fail(error: unknown): Promise<Failure>;
}

async function show(outcome: Outcome, shown: Shown): Promise<number> {
  switch (outcome.kind) {
    case "silent":
      return outcome.exitCode;
    case "follow":
    case "log":
      return follow(outcome, shown);
    case "document": {
      const exitCode = outcome.exitCode ?? exitCodes.done;
      try {
        await shown.format.document(outcome, shown.output);
      } catch (error) {
        // The work is done and its result is known, even if there is no reader.
        if (!isClosedPipe(error)) throw error;
      }
      return exitCode;
    }
  }
}

/** Shows followed runs. Returns the exit code of the run that ended worst. */
async function follow(outcome: FollowOutcome | LogOutcome, shown: Shown): Promise<number> {
  const { format, output, session, debug, fail } = shown;
  try {
    await (outcome.kind === "log" ? format.log(outcome, output) : format.follow(outcome, output));
    return await endFollowing(outcome, session);
  } catch (error) {
    const hasEnded = runsOf(outcome).every(({ ended }) => ended !== undefined);
    if (isClosedPipe(error) && hasEnded) return await endFollowing(outcome, session);
    if (isClosedPipe(error)) {
      const problem = "stdout was closed before the run ended";
      await report(outcome, session, { problem, exitCode: exitCodes.readerGone });
      return exitCodes.readerGone;
    }
    const failure = await fail(error);
    if (error instanceof Interrupted || error instanceof TimedOut) {
      failure.message += `; ${await outcome.onAbort()}`;
      failure.hint = session.commandLine(...outcome.rewatch());
    }
    await report(outcome, session, { problem: failure.message, exitCode: failure.exitCode });
    return await reportFailure(failure, error, format, output, debug);
  } finally {
    // Closes the connections, however the following ended.
    await outcome.updates.return(undefined);
  }
}

/** Writes the reports once the runs have ended. Returns the exit code of the run that ended worst. */
async function endFollowing(outcome: FollowOutcome | LogOutcome, session: Session): Promise<number> {
  const codeOf = outcome.exitCode ?? exitCodeOf;
  const statuses = runsOf(outcome).map(({ runId, ended }) => {
    if (ended === undefined) throw new Error(`the following of run ${runId} ended before the run`);
    return ended.status;
  });
  const exitCode = worstExitCode(statuses.map(codeOf));
  const unknown = statuses.find((status) => codeOf(status) === exitCodes.server);
  if (unknown !== undefined) {
    session.note(`the status '${escapeControls(unknown)}' does not say how the run's work ends`);
  }
  await report(outcome, session, { problem: undefined, exitCode });
  return exitCode;
}

function runsOf(outcome: FollowOutcome | LogOutcome): readonly LogOutcome["run"][] {
  return outcome.kind === "log" ? [outcome.run] : outcome.runs;
}

async function report(
  outcome: FollowOutcome | LogOutcome,
  { note }: Session,
  ending: Omit<FollowEnding, "status" | "loops">,
): Promise<void> {
  if (outcome.kind === "log") return;
  for (const { reporters, view, ended, loops } of outcome.runs) {
    const nodeIds = [...view().nodes.values()].map(({ nodeId }) => nodeId);
    // Do not send requests to a server that could not be reached.
    if (reporters.length > 0 && ending.problem === undefined) await loops.learn(view().runId, nodeIds);
    await writeReports(reporters, view(), { ...ending, status: ended, loops }, note);
  }
}

/** Shows an error in the requested format, and returns its exit code. */
async function reportFailure(
  failure: Failure,
  error: unknown,
  format: Format,
  output: Output,
  debug: boolean,
): Promise<number> {
  try {
    await format.failure(failure, output);
    if (debug && error instanceof Error) await output.stderr.write(`${escapeStack(error)}\n`);
  } catch {
    // stderr has no reader; the exit code still reports the error.
  }
  return failure.exitCode;
}

async function outputFor(
  { stdout, stderr, env }: Context,
  settings: Pick<Settings, "noColor" | "plain">,
  ciName: string | undefined,
): Promise<Output> {
  const ci = findCiSystem(ciName, env);
  const screen = stdout.terminal === stderr.terminal ? stderr.terminal : undefined;
  const canDraw = screen?.isForeground === true && !settings.plain && env["TERM"] !== "dumb";
  return {
    stdout: ci.guard(stdout),
    stderr: ci.guard(stderr),
    style: await styleFor(stdout, env, settings),
    stderrStyle: await styleFor(stderr, env, settings),
    screen: canDraw ? screen : undefined,
    ci,
    env,
  };
}

/**
 * Returns the text for an uncaught error: one line in the requested format, and the stack with `--debug`. The exit code
 * is then 70.
 */
export function describeUncaught(error: unknown, argv: readonly string[], env: Context["env"]): string {
  const message = escapeControls(bugMessage(error));
  const isJson = hasFlag(argv, "--json") || env["SMITHERS_FORMAT"] === "json";
  const line = isJson
    ? escapeJsonControls(JSON.stringify({ error: { code: "BUG", message } }))
    : `error: ${message}`;
  const stack = hasFlag(argv, "--debug") && error instanceof Error ? `${escapeStack(error)}\n` : "";
  return `${line}\n${stack}`;
}

/** Whether a flag is among the words, as far as that is clear before they are parsed. */
function hasFlag(argv: readonly string[], flag: string): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes(flag);
}

/** Whether the error means that our output no longer has a reader. */
function isClosedPipe(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED")
  );
}
