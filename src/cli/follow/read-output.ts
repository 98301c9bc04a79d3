import { isTerminalStatus, type EventRecord, type LoadedRun, type Run } from "../../client/index.js";
import type { LogOutcome, LogUpdate, Session } from "../command.js";
import { formatTime } from "../describe/duration.js";
import type { OutputLine } from "../describe/output-lines.js";
import { copyOf, escapeControls } from "../terminal/escape-controls.js";
import { continuedNote, noteReconnect } from "./follow-run.js";
import { SelectedOutput, tooOld, type OutputSelection } from "./selected-output.js";

/** How much of a run's output to read. */
export interface OutputRange {
  /** Of what is there already, only the last so many lines, and events. Default: all. */
  tail?: number | undefined;
  /** Go on until the run has ended. Default: only what is there already. */
  follow?: boolean | undefined;
}

/**
 * Reads what the nodes of a run have printed, and notes on stderr why there is nothing.
 *
 * @param run gets its last status as `ended`
 * @param status what the run's status was a moment ago
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
    // Without a tail, what is there comes as what is still to come.
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
    // A line would keep all of the text that it was cut from.
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
  if (asOf !== null) note(`the run goes on; its output was read up to ${formatTime(asOf)}`);
  return loaded;
}

/** Reads what comes after the history, if that was read, until the run has ended. */
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

/** The last items of many, at most so many; by default all. */
class Tail<Item> {
  readonly #max: number;
  #items: Item[] = [];

  constructor(max = Infinity) {
    this.#max = max;
  }

  push(items: readonly Item[]): void {
    this.#items = this.#items.concat(items);
    // Not each time, since to drop the first of many takes as long as to drop half of them.
    if (this.#items.length > 2 * this.#max + 1000) this.#items = this.items;
  }

  get items(): Item[] {
    return this.#max === 0 ? [] : this.#items.slice(-this.#max);
  }
}
