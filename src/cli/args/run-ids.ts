import { ArgumentError, HttpError, type RunRow } from "../../client/index.js";
import { UsageError, type CommandInput, type CommandSpec, type Session } from "../command.js";
import { argumentName, commandNameOf } from "./syntax.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** What stands for the newest run wherever a command takes a run's id. */
export const latestRun = "@latest";

/** What else may stand for a run's id, as `--help` shows it. */
export const runIdHelp: readonly (readonly [string, string])[] = [
  [latestRun, "the newest run"],
  ["4f1c", "the one run whose id begins so (in CI only where nothing is changed)"],
];

/** More runs than the largest answer can hold, since a list cut short could make a beginning look unique. */
export const noLimit = 1_000_000;

/** How many of the runs that a beginning may mean an error names. */
const namedCandidates = 10;

type Input = CommandInput<Record<string, unknown>>;

/**
 * The input with the newest run's id in place of each `@latest`.
 *
 * @throws {UsageError} where the server has no runs
 */
export async function resolveLatest(command: CommandSpec, input: Input, session: Session): Promise<Input> {
  const isNewest = (word: string | undefined, index: number) =>
    word === latestRun && argumentName(command, index) === "run-id";
  if (!input.args.some(isNewest)) return input;
  const [newest] = await session.client.listRuns<RunRow>({ limit: 1 });
  if (newest === undefined) {
    throw new UsageError(`there is no ${latestRun} run: the server has none yet, at ${session.baseUrl}`, {
      code: "NO_RUNS",
      hint: session.commandLine("run --help"),
    });
  }
  tell(latestRun, newest.runId, session);
  return { ...input, args: input.args.map((word, index) => (isNewest(word, index) ? newest.runId : word)) };
}

/**
 * The input with whole ids in place of beginnings that mean one run, where the server did not know an id as it was
 * typed; undefined where that changes nothing. In CI nobody types: there a command that changes a run takes ids as they
 * are, so that a job about `pr-4` never decides or cancels `pr-42`.
 *
 * @param error what the command ended with
 * @throws {UsageError} where a beginning may mean several runs
 */
export async function resolveRunIdPrefixes(
  error: unknown,
  command: CommandSpec,
  input: Input,
  session: Session,
): Promise<Input | undefined> {
  const isId = (index: number) => argumentName(command, index) === "run-id";
  const needsExactId = session.ci !== "none" && command.changesRuns === true;
  if (!isUnknownRun(error) || needsExactId || !input.args.some((_, index) => isId(index))) return undefined;
  // A server that keeps no list knows whole ids alone, and what it said first is what there is to say.
  const rows = await session.client.listRuns<RunRow>({ limit: noLimit }).catch((): RunRow[] => []);
  session.signal.throwIfAborted();
  const args = input.args.map((word, index) => {
    if (!word || !isId(index) || rows.some(({ runId }) => runId === word)) return word;
    // As `ls` shortens an id to fit a terminal, so it may be copied from there.
    const beginning = word.replace(/…$/, "");
    const meant = rows.map(({ runId }) => runId).filter((runId) => runId.startsWith(beginning));
    if (meant.length > 1) throw ambiguous(word, meant, command, session);
    return meant[0] ?? word;
  });
  const changed = args.flatMap((whole, index) => (whole === input.args[index] ? [] : [index]));
  for (const index of changed) tell(input.args[index], args[index], session);
  return changed.length === 0 ? undefined : { ...input, args };
}

function isUnknownRun(error: unknown): boolean {
  return error instanceof HttpError
    ? error.status === 404
    : error instanceof ArgumentError && error.argument === "runId";
}

function ambiguous(
  word: string,
  meant: readonly string[],
  command: CommandSpec,
  session: Session,
): UsageError {
  const named = meant.slice(0, namedCandidates).map(escapeControls).join(", ");
  const others = meant.length > namedCandidates ? ` and ${meant.length - namedCandidates} more` : "";
  return new UsageError(
    `'${escapeControls(word)}' may mean ${meant.length} runs: ${named}${others}; say which`,
    {
      code: "AMBIGUOUS_RUN_ID",
      hint: session.commandLine(commandNameOf(command), meant[0] ?? ""),
    },
  );
}

function tell(typed = "", runId = "", { note, stderrStyle }: Session): void {
  note(stderrStyle.dim(`${escapeControls(typed)} is run ${escapeControls(runId)}`));
}
