import { ArgumentError, HttpError, type RunRow } from "../../client/index.js";
import type { CommandSpec, Session } from "../command.js";
import { UsageError } from "../usage-error.js";
import { argumentName, commandNameOf } from "./syntax.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Stands for the newest run wherever a command takes a run id. */
export const latestRun = "@latest";

/** The other forms of a run id, as `--help` shows them. */
export const runIdHelp: readonly (readonly [string, string])[] = [
  [latestRun, "the newest run"],
  ["4f1c", "a unique prefix of a run id (in CI, not for commands that change a run)"],
];

/** More runs than the largest answer can contain, because in a truncated list a prefix could look unique. */
export const noLimit = 1_000_000;

/** How many matching runs the error for an ambiguous prefix names. */
const namedCandidates = 10;

/** A complete generated id. It needs no lookup as a prefix. */
const wholeId = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Replaces `@latest`, and prefixes that match one run, with full run ids. In CI, a command that changes a run does not
 * expand prefixes, so that a job about `pr-4` never decides or cancels `pr-42`.
 *
 * @throws {UsageError} if a prefix matches several runs, or the server has no newest run
 */
export async function resolveRunIds(
  command: CommandSpec,
  args: readonly (string | undefined)[],
  session: Session,
): Promise<readonly (string | undefined)[]> {
  const needsExactId = !session.ci.isInteractive && command.changesRuns === true;
  const resolve = async (word: string | undefined, index: number): Promise<string | undefined> => {
    if (word === undefined || argumentName(command, index) !== "run-id") return word;
    const runId =
      word === latestRun
        ? await findLatest(session)
        : needsExactId || wholeId.test(word)
          ? word
          : await findByPrefix(word, command, session);
    if (runId !== word) noteResolved(word, runId, session);
    return runId;
  };
  return Promise.all(args.map(resolve));
}

async function findLatest({ client, baseUrl, commandLine }: Session): Promise<string> {
  const [newest] = await client.listRuns<RunRow>({ limit: 1 });
  if (newest !== undefined) return newest.runId;
  throw new UsageError(`there is no ${latestRun} run: the server has none yet, at ${baseUrl}`, {
    code: "NO_RUNS",
    hint: commandLine("run --help"),
  });
}

/** Returns the id of the run that has this id or prefix; the word itself if there is none. */
async function findByPrefix(word: string, command: CommandSpec, session: Session): Promise<string> {
  const { client, signal } = session;
  try {
    await client.getStatus({ runId: word });
    return word;
  } catch (error) {
    if (!isUnknownRun(error)) throw error;
  }
  // A server that keeps no list of runs only knows full ids.
  const rows = await client.listRuns<RunRow>({ limit: noLimit }).catch((): RunRow[] => []);
  signal.throwIfAborted();
  // `ls` ends an id that it shortens with an ellipsis, and a user may copy it from there.
  const beginning = word.replace(/…$/, "");
  const meant = rows.map(({ runId }) => runId).filter((runId) => runId.startsWith(beginning));
  if (meant.length > 1) throw ambiguous(word, meant, command, session);
  return meant[0] ?? word;
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
  const named = meant
    .slice(0, namedCandidates)
    .map((runId) => escapeControls(runId))
    .join(", ");
  const others = meant.length > namedCandidates ? ` and ${meant.length - namedCandidates} more` : "";
  return new UsageError(
    `'${escapeControls(word)}' matches ${meant.length} runs: ${named}${others}; type more of the id`,
    {
      code: "AMBIGUOUS_RUN_ID",
      hint: session.commandLine(commandNameOf(command), meant[0] ?? ""),
    },
  );
}

function noteResolved(typed: string, runId: string, { note, stderrStyle }: Session): void {
  note(stderrStyle.dim(`${escapeControls(typed)} is run ${escapeControls(runId)}`));
}
