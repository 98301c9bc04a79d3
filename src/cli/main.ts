import type { EventRecord, Run } from "../client/index.js";
import { ciSystem, type CiSystem } from "./ci/ci-system.js";
import { guardStream } from "./ci/github-command.js";
import type { CommandInput, CommandSpec, FollowOutcome, Outcome, Session } from "./command.js";
import { commandLine } from "./args/command-line.js";
import { completeWord } from "./completion/scripts.js";
import { Interrupted, type Context } from "./context.js";
import { exitCodes } from "./exit-codes.js";
import { bugMessage, describeFailure, TimedOut } from "./failure.js";
import { Reports } from "./ci/reporter.js";
import type { Format, Output } from "./formats/format.js";
import { createSession } from "./session/create-session.js";
import { parseCommandLine } from "./args/program.js";
import { resolveLatest, resolveRunIdPrefixes } from "./args/run-ids.js";
import { readFormat, readSettings, type Settings } from "./args/settings.js";
import { exitCodeOf } from "./status-table.js";
import { commandNameOf } from "./args/syntax.js";
import { styleFor } from "./terminal/color.js";
import { escapeJsonControls, escapeStack, escapeControls } from "./terminal/escape-controls.js";
import { startTimer } from "./timer.js";

/**
 * The whole command line, in the context given.
 *
 * @param argv the words after the program's name
 * @returns the exit code; nothing is left running
 */
export async function main(argv: readonly string[], context: Context): Promise<number> {
  if (argv[0] === completeWord) {
    const { complete } = await import("./completion/complete.js");
    return complete(argv.slice(1), context);
  }
  let format: Format | undefined;
  let settings: Settings | undefined;
  let told: Told | undefined;
  try {
    format = readFormat(hasFlag(argv, "--json"), context.env);
    const request = await parseCommandLine(argv, context.version);
    if ("show" in request) {
      await context.stdout.write(request.show);
      return exitCodes.done;
    }
    // Now it is known which words are flags, and which are flags' values.
    format = readFormat(request.globals.json === true, context.env);
    settings = readSettings(request.globals, context.env);
    const { command, args, options } = request;
    told = { command, input: { args, options } };
    return await execute(told, settings, format, context);
  } catch (error) {
    if (isClosedPipe(error)) return await endUnread(told);
    return await tell(error, told, settings, format, told?.session?.context ?? context);
  }
}

/**
 * What is left to say, on stderr, of an error that nothing has caught: one line in the format asked for, and the stack
 * where `--debug` asks for it. The process is to end with {@link exitCodes}`.bug` then.
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

/** What is known of the work when it goes wrong; it grows as the work goes on. */
interface Told {
  command: CommandSpec;
  input: CommandInput<Record<string, unknown>>;
  session?: Session;
  following?: FollowOutcome;
  /** The run that is followed has shown itself to be there. */
  hasBegun?: boolean;
  /** What the result is, once that is known and only remains to be written. */
  result?: { exitCode: number; status?: Run };
  reports?: Reports;
  /** What became of the run that was followed. */
  aftermath?: string | undefined;
}

async function execute(told: Told, settings: Settings, format: Format, outside: Context): Promise<number> {
  const ci = ciSystem(told.input.options["ci"] as CiSystem | undefined, outside.env);
  const context = ci === "github" ? guarded(outside) : outside;
  const output = await outputFor(context, settings);
  const limit = limitTime(context.signal, settings.timeoutMs);
  try {
    const session = createSession(settings, format, output, context, ci, limit.signal);
    told.session = session;
    told.input = await resolveLatest(told.command, told.input, session);
    try {
      return await show(await told.command.execute(told.input, session), format, output, told);
    } catch (error) {
      const whole = told.hasBegun
        ? undefined
        : await resolveRunIdPrefixes(error, told.command, told.input, session);
      if (whole === undefined) throw error;
      told.input = whole;
      return await show(await told.command.execute(whole, session), format, output, told);
    }
  } finally {
    limit.end();
  }
}

async function show(outcome: Outcome, format: Format, output: Output, told: Told): Promise<number> {
  switch (outcome.kind) {
    case "silent":
      return outcome.exitCode;
    case "document":
      told.result = { exitCode: outcome.exitCode ?? exitCodes.done };
      await format.document(outcome, output);
      return told.result.exitCode;
    case "follow":
      told.following = outcome;
      told.reports = new Reports(outcome.reporters, outcome.view);
      try {
        const records = noting(outcome, told);
        const status = await format.follow({ ...outcome, records }, output);
        const { exitCode } = (told.result ??= resultOf(outcome, status));
        if (exitCode === exitCodes.server)
          told.session?.note(
            `the status '${escapeControls(status.status)}' does not say how the run's work ends`,
          );
        await endReports(told, undefined, exitCode, status);
        return exitCode;
      } catch (error) {
        if (error instanceof Interrupted || error instanceof TimedOut)
          told.aftermath = await outcome.onAbort?.();
        throw error;
      } finally {
        // Closes the connection, whatever ended the following.
        await outcome.records.return(undefined as never);
      }
  }
}

/** The records as they come; takes note that there are some, and of the run's end. */
async function* noting(outcome: FollowOutcome, told: Told): AsyncGenerator<EventRecord[], Run, undefined> {
  for (;;) {
    const { done, value } = await outcome.records.next();
    told.hasBegun = true;
    if (done) {
      told.result = resultOf(outcome, value);
      return value;
    }
    yield value;
  }
}

function resultOf(outcome: FollowOutcome, status: Run): { exitCode: number; status: Run } {
  return { exitCode: (outcome.exitCode ?? exitCodeOf)(status.status), status };
}

/**
 * The reader of our output has gone, as `head` does when it has enough. What was known by then is still the result; the
 * end of a run that was being followed was not.
 */
async function endUnread(told: Told | undefined): Promise<number> {
  if (told?.result !== undefined) {
    const { exitCode, status } = told.result;
    await endReports(told, undefined, exitCode, status);
    return exitCode;
  }
  if (told?.following === undefined) return exitCodes.done;
  await endReports(told, "the reader of the output went away before the run's end", exitCodes.readerGone);
  return exitCodes.readerGone;
}

/** Tells of an error in the format asked for, and gives the exit code. */
async function tell(
  error: unknown,
  told: Told | undefined,
  settings: Settings | undefined,
  format: Format | undefined,
  context: Context,
): Promise<number> {
  const { command, input, session, following, aftermath } = told ?? {};
  const line: Session["commandLine"] =
    session?.commandLine ?? ((ours, ...named) => commandLine(ours.split(" "), named));
  const failure = describeFailure(error, {
    baseUrl: settings?.baseUrl,
    commandLine: line,
    commandName: command && commandNameOf(command),
  });
  const hint = session && input && command?.hint?.(error, input, session);
  if (hint !== undefined) failure.hint = hint;
  if (session && following && (error instanceof Interrupted || error instanceof TimedOut)) {
    failure.message += `; ${aftermath ?? `run ${following.runId} goes on`}`;
    failure.hint = line(...(following.several?.rewatchArgs() ?? (["watch", following.runId] as const)));
  }
  await endReports(told, failure.message, failure.exitCode);
  const output = await outputFor(context, settings ?? { noColor: false, plain: false });
  try {
    await (format ?? readFormat(false, {})).failure(failure, output);
    if (settings?.debug && error instanceof Error && error.stack)
      await context.stderr.write(`${escapeStack(error)}\n`);
  } catch {
    // Nobody reads stderr any more; the exit code still tells.
  }
  return failure.exitCode;
}

async function outputFor(context: Context, settings: Pick<Settings, "noColor" | "plain">): Promise<Output> {
  const { stdout, stderr, env } = context;
  const screen = stdout.terminal === stderr.terminal ? stderr.terminal : undefined;
  const canDraw = screen?.isForeground === true && !settings.plain && env["TERM"] !== "dumb";
  return {
    stdout,
    stderr,
    style: await styleFor(stdout, env, settings),
    stderrStyle: await styleFor(stderr, env, settings),
    screen: canDraw ? screen : undefined,
    env,
  };
}

/** Has the reports of the run that was followed written, where there are any. */
async function endReports(
  told: Told | undefined,
  problem: string | undefined,
  exitCode: number,
  status?: Run,
): Promise<void> {
  await told?.reports?.end({ status, problem, exitCode }, (line) => told.session?.note(line));
}

/** The context under GitHub's runner, which obeys lines of a certain form wherever they come from. */
function guarded(context: Context): Context {
  return { ...context, stdout: guardStream(context.stdout), stderr: guardStream(context.stderr) };
}

/** Needed before the command line is read, since reading it may be what goes wrong. */
function hasFlag(argv: readonly string[], flag: string): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes(flag);
}

/** The context's signal, aborted by `--timeout` as well; `end` leaves no timer and no listener behind. */
function limitTime(signal: AbortSignal, timeoutMs: number | undefined): { signal: AbortSignal; end(): void } {
  if (timeoutMs === undefined) return { signal, end: () => {} };
  const controller = new AbortController();
  const forward = () => controller.abort(signal.reason);
  if (signal.aborted) forward();
  signal.addEventListener("abort", forward, { once: true });
  const timer = startTimer(timeoutMs, () => controller.abort(new TimedOut(timeoutMs)));
  return {
    signal: controller.signal,
    end: () => {
      timer.stop();
      signal.removeEventListener("abort", forward);
    },
  };
}

/** Whether the error says that nobody reads our output any more. */
function isClosedPipe(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED")
  );
}
