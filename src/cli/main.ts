import { createClient, type EventBatch, type Fetch, type RunStatus } from "../client/index.js";
import { bell } from "./bell.js";
import { ciSystem, type CiSystem } from "./ci/ci-system.js";
import { githubCommand, guardedStream } from "./ci/github-command.js";
import { cautiousFetch } from "./cautious-fetch.js";
import type { CommandInput, CommandSpec, FollowOutcome, Outcome, Session } from "./command.js";
import { styleFor } from "./color.js";
import { completeWord } from "./completion/scripts.js";
import { Interrupted, type Context } from "./context.js";
import { exitCodeOf, exitCodes } from "./exit-codes.js";
import { describeFailure, TimedOut } from "./failure.js";
import type { Format, Output } from "./format.js";
import { formatDuration } from "./duration.js";
import { oneAtATime } from "./one-at-a-time.js";
import { commandLine, parseCommandLine } from "./program.js";
import { Reports } from "./reporter.js";
import { withNewestRun, withWholeRunIds } from "./run-id-arguments.js";
import { readFormat, readSettings, type Settings } from "./settings.js";
import { commandNameOf } from "./syntax.js";
import { visibleText } from "./visible-text.js";

/** What rings within so many milliseconds rings once. */
const bellPauseMs = 2000;

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
    format = readFormat(asksForJson(argv), context.env);
    const request = await parseCommandLine(argv, context.version);
    if ("show" in request) {
      await context.stdout.write(request.show);
      return exitCodes.done;
    }
    settings = readSettings(request.globals, context.env);
    const { command, args, options } = request;
    told = { command, input: { args, options } };
    return await execute(told, settings, format, context);
  } catch (error) {
    if (isClosedPipe(error)) {
      await endReports(told, "the reader of the output has gone", exitCodes.done);
      return exitCodes.done;
    }
    return await tell(error, told, settings, format, told?.session?.context ?? context);
  }
}

/** What is known of the work when it goes wrong; it grows as the work goes on. */
interface Told {
  command: CommandSpec;
  input: CommandInput<Record<string, unknown>>;
  session?: Session;
  following?: FollowOutcome;
  /** The run that is followed has shown itself to be there. */
  hasBegun?: boolean;
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
    const session = openSession(settings, format, output, context, ci, limit.signal);
    told.session = session;
    told.input = await withNewestRun(told.command, told.input, session);
    try {
      return await show(await told.command.execute(told.input, session), format, output, told);
    } catch (error) {
      const whole = told.hasBegun
        ? undefined
        : await withWholeRunIds(error, told.command, told.input, session);
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
      await format.document(outcome, output);
      return outcome.exitCode ?? exitCodes.done;
    case "follow":
      told.following = outcome;
      told.reports = new Reports(outcome.runId, outcome.startedAtMs, outcome.reporters);
      try {
        const records = told.reports.watch(noting(outcome.records, () => (told.hasBegun = true)));
        const status = await format.follow({ ...outcome, records }, output);
        const exitCode = (outcome.exitCode ?? exitCodeOf)(status.status);
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

/** The records as they come; calls back before each of them. */
async function* noting(
  records: FollowOutcome["records"],
  note: () => void,
): AsyncGenerator<EventBatch, RunStatus, undefined> {
  for (;;) {
    const { done, value } = await records.next();
    if (done) return value;
    note();
    yield value;
  }
}

function openSession(
  settings: Settings,
  format: Format,
  output: Output,
  context: Context,
  ci: CiSystem,
  signal: AbortSignal,
): Session {
  const { baseUrl, apiKey } = settings;
  const words = (line: string[]) => (settings.baseUrlIsFlag ? ["--base-url", baseUrl, ...line] : line);
  const writeNote = (line: string) => {
    // A narrative that nobody can read any more is no reason to stop.
    context.stderr.write(`${line}\n`).catch(() => {});
  };
  const note = (line: string) => {
    if (format.narrates) writeNote(line);
  };
  const network = settings.debug ? tellingFetch(context, writeNote) : context.fetch;
  const warn = (line: string) => note(output.noteStyle.yellow(line));
  const fetch = apiKey === undefined ? network : cautiousFetch(network, warn);
  let rangAt = -Infinity;
  return {
    client: createClient({ baseUrl, apiKey, signal, fetch }),
    lastingClient: createClient({ baseUrl, apiKey, fetch, timeoutMs: 5000, retries: 1 }),
    context,
    baseUrl,
    apiKey,
    signal,
    style: output.style,
    noteStyle: output.noteStyle,
    canAsk: context.stdin.isTTY && context.stderr.isTTY && format.narrates && ci === "none",
    note,
    ring: (text) => {
      const isAttended = format.narrates && ci === "none" && context.stderr.isTTY;
      if (!isAttended || context.now() - rangAt < bellPauseMs) return;
      rangAt = context.now();
      context.stderr.write(bell(text, context.env)).catch(() => {});
    },
    ci,
    annotate: (level, title, text) => {
      if (!format.narrates) return;
      if (ci !== "github") return writeNote(`${title} ${text}`);
      const { stderr } = context;
      const line = githubCommand(level, text, { title });
      (stderr.unguarded ?? stderr).write(`${line}\n`).catch(() => {});
    },
    waitFor: (what, work) =>
      format.narrates && ci === "none" && !settings.plain ? withSpinner(what, work, context) : work,
    inTurn: oneAtATime(),
    commandLine: (...line) => commandLine(words(line)),
  };
}

async function withSpinner<T>(what: string, work: Promise<T>, { stderr, env }: Context): Promise<T> {
  if (stderr.terminal === undefined || env["TERM"] === "dumb") return work;
  // Whatever the spinner takes to load, the work goes on meanwhile and must not fail unheard.
  const settled = work.catch(() => {});
  const { default: ora } = await import("ora");
  const spinner = ora({ text: what, stream: stderr.terminal, discardStdin: false }).start();
  await settled;
  spinner.stop();
  return work;
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
  const line = session?.commandLine ?? ((...words: string[]) => commandLine(words));
  const failure = describeFailure(error, {
    baseUrl: settings?.baseUrl,
    commandLine: line,
    commandName: command && commandNameOf(command),
  });
  const hint = session && input && command?.hint?.(error, input, session);
  if (hint !== undefined) failure.hint = hint;
  if (session && following && (error instanceof Interrupted || error instanceof TimedOut)) {
    failure.message += `; ${aftermath ?? `run ${following.runId} goes on`}`;
    failure.hint = line("watch", ...(following.several?.comeBack() ?? [following.runId]));
  }
  await endReports(told, failure.message, failure.exitCode);
  const output = await outputFor(context, settings ?? { noColor: false, plain: false });
  try {
    await (format ?? readFormat(false, {})).failure(failure, output);
    if (settings?.debug && error instanceof Error && error.stack)
      await context.stderr.write(`${visibleStack(error)}\n`);
  } catch {
    // Nobody reads stderr any more; the exit code still tells.
  }
  return failure.exitCode;
}

async function outputFor(context: Context, settings: Pick<Settings, "noColor" | "plain">): Promise<Output> {
  const { stdout, stderr, screen, env } = context;
  return {
    stdout,
    stderr,
    style: await styleFor(stdout, env, settings),
    noteStyle: await styleFor(stderr, env, settings),
    screen: settings.plain || env["TERM"] === "dumb" ? undefined : screen,
    env,
    now: context.now,
  };
}

/** Has the reports of the run that was followed written, where there are any. */
async function endReports(
  told: Told | undefined,
  problem: string | undefined,
  exitCode: number,
  status?: RunStatus,
): Promise<void> {
  await told?.reports?.end({ status, problem, exitCode }, (line) => told.session?.note(line));
}

/** The context under GitHub's runner, which obeys lines of a certain form wherever they come from. */
function guarded(context: Context): Context {
  return { ...context, stdout: guardedStream(context.stdout), stderr: guardedStream(context.stderr) };
}

/** Needed before the command line is read, since reading it may be what goes wrong. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json");
}

/** The context's signal, aborted by `--timeout` as well; `end` leaves no timer and no listener behind. */
function limitTime(signal: AbortSignal, timeoutMs: number | undefined): { signal: AbortSignal; end(): void } {
  if (timeoutMs === undefined) return { signal, end: () => {} };
  const controller = new AbortController();
  const forward = () => controller.abort(signal.reason);
  if (signal.aborted) forward();
  signal.addEventListener("abort", forward, { once: true });
  const timer = setTimeout(() => controller.abort(new TimedOut(timeoutMs)), Math.min(timeoutMs, 2 ** 31 - 1));
  return {
    signal: controller.signal,
    end: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", forward);
    },
  };
}

/** Tells of each request; never of its headers, where the key is, nor of its body. */
function tellingFetch(context: Context, tellLine: (line: string) => void): Fetch {
  return async (url, request) => {
    const started = context.now();
    const took = () => formatDuration(context.now() - started);
    try {
      const response = await context.fetch(url, request);
      tellLine(`debug: ${request.method} ${visibleText(url)} ${response.status} (${took()})`);
      return response;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      tellLine(`debug: ${request.method} ${visibleText(url)} failed: ${visibleText(why)} (${took()})`);
      throw error;
    }
  };
}

function visibleStack(error: Error): string {
  return (error.stack ?? "").split("\n").map(visibleText).join("\n");
}

/** The reader of our output has gone, as `head` does when it has enough: an end like any other. */
function isClosedPipe(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED")
  );
}
