import { isTerminalStatus, type EventRecord, type LoadedRun, type Run } from "../../client/index.js";
import type { LogOutcome, LogUpdate, Session } from "../command.js";
import { formatTime } from "../describe/duration.js";
import type { OutputLine } from "../describe/output-lines.js";
import { copyOf, escapeControls } from "../terminal/escape-controls.js";
import { continuedNote, noteReconnect } from "./follow-run.js";
import { SelectedOutput, tooOld, type OutputSelection } from "./selected-output.js";

/** How much of a run's output to read. */
export interface OutputRange {
  /** Of the existing output, read only the last `tail` lines, and events. Default: all. */
  tail?: number | undefined;
  /** Keep reading until the run has ended. Default: read only the existing output. */
  follow?: boolean | undefined;
}

/**
 * Reads what the nodes of a run have printed. If there is nothing, notes the reason on stderr.
 *
 * @param run receives its last status as `ended`
 * @param status the run's status a moment ago
 */
export async function* readOutput(
  run: LogOutcome["run"],
  status: Run,
  selection: OutputSelection,
  { tail, follow = false }: OutputRange,
  session: Session,
): AsyncGenerator<LogUpdate, void, undefined> {
  const output = new SelectedOutput(selection);
  const mayWaitInVain = follow && status.runState === undefined && !isTerminalStatus(status.status);
  if (mayWaitInVain) session.note(`there may be no output: ${tooOld}`);
  if (!follow) {
    run.ended = (yield* readPresent(run, output, { tail, follow }, session)).status;
  } else {
    // Without a tail, the existing output comes from the same stream as the rest.
    const history =
      tail === undefined ? undefined : yield* readPresent(run, output, { tail, follow }, session);
    run.ended = yield* readToEnd(run, output, history, session);
  }
  const why = output.whyNone(status);
  if (why !== undefined && !mayWaitInVain) session.note(why);
}

async function* readPresent(
  run: LogOutcome["run"],
  output: SelectedOutput,
  { tail, follow }: OutputRange,
  { client, note, commandLine }: Session,
): AsyncGenerator<LogUpdate, LoadedRun, undefined> {
  const history = client.readRecords({ runId: run.runId });
  const last = { records: new Tail<EventRecord>(tail), lines: new Tail<OutputLine>(tail) };
  for await (const each of history) {
    const { records, lines } = output.select(each);
    if (tail === undefined) {
      yield { records, lines };
      continue;
    }
    last.records.push(records);
    // Copy the line, since a slice keeps the whole text that it was taken from in memory.
    last.lines.push(lines.map((line) => ({ ...line, text: copyOf(line.text) })));
  }
  if (!follow) last.lines.push(output.flush());
  yield { records: last.records.items, lines: last.lines.items };

  const loaded = await history.ended;
  const { view, asOf } = loaded;
  if (follow) return loaded;
  if (view.continuedAs !== null) {
    const next = escapeControls(commandLine("logs", view.continuedAs));
    note(`the run continues as run ${escapeControls(view.continuedAs)}: ${next}`);
  }
  if (asOf !== null) note(`the run continues; its output was read up to ${formatTime(asOf)}`);
  return loaded;
}

/** Reads until the run has ended, starting after the history if that was read. */
async function* readToEnd(
  run: LogOutcome["run"],
  output: SelectedOutput,
  history: LoadedRun | undefined,
  session: Session,
): AsyncGenerator<LogUpdate, Run, undefined> {
  const hasEnded = history !== undefined && isTerminalStatus(history.status.status);
  const continuedAs = history?.view.continuedAs ?? null;
  const noteContinued = (runId: string, newRunId: string) => session.note(continuedNote(runId, newRunId));
  if (hasEnded && continuedAs === null) {
    yield { records: [], lines: output.flush() };
    return history.status;
  }
  if (hasEnded && continuedAs !== null) noteContinued(run.runId, continuedAs);
  const records = session.client.watchRecords({
    ...(continuedAs === null ? { runId: run.runId, afterSeq: history?.position } : { runId: continuedAs }),
    resume: false,
    onReconnect: noteReconnect(session),
    onContinued: ({ runId, newRunId }) => noteContinued(runId, newRunId),
  });
  for await (const each of records) yield output.select(each);
  yield { records: [], lines: output.flush() };
  return records.ended;
}

/** Keeps the last `max` items of many. Default: all. */
class Tail<Item> {
  readonly #max: number;
  #items: Item[] = [];

  constructor(max = Infinity) {
    this.#max = max;
  }

  push(items: readonly Item[]): void {
    this.#items = this.#items.concat(items);
    // Not every time: dropping the first of many items takes as long as dropping half of them.
    if (this.#items.length > 2 * this.#max + 1000) this.#items = this.items;
  }

  get items(): Item[] {
    return this.#max === 0 ? [] : this.#items.slice(-this.#max);
  }
}
