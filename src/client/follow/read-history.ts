import type { SmithersEvent } from "../events.js";
import { linkAbort } from "../http/linked-abort.js";
import { settledWithin } from "../http/wait.js";
import { resolveOptions } from "../options.js";
import type { RunArgs } from "../requests/call-server.js";
import { getStatus } from "../requests/reads.js";
import type { Run } from "../results.js";
import type { RunView } from "../view/run-view.js";
import type { EventRecord } from "./event-record.js";
import { pageSize } from "./pages-ahead.js";
import { Proof } from "./proof.js";
import { readOneRun } from "./read-run.js";
import { RunProgress } from "./run-progress.js";
import { eventsOf, RunStream } from "./run-stream.js";

/** A run as it stands. */
export interface LoadedRun {
  view: RunView;
  status: Run;
  /**
   * The server's time up to which the view is complete, in milliseconds since 1970, if the run went on while it was read
   * and the view could not be proven to be current; `null` if it was.
   */
  asOf: number | null;
  /** Number of the newest event in the view, -1 if the run has none. */
  position: number;
}

/**
 * Yields the events that a run has by now, each once and in order, as fast as the server's pages allow (50,000 in a few
 * seconds), and ends there. A run that has ended is read to the end of its stream; of one that goes on it is proven that
 * all was read, or `ended` says up to when. The run in which the work continues is left to another call. Nothing is sent
 * that changes the run, nothing is read ahead of the loop, and no event is kept.
 *
 * @returns a stream whose `ended` is the run as it stands: its last status, and the view of all events
 *
 * @example
 * const history = readHistory({ runId });
 * for await (const event of history) if (event.type === "NodeOutput") console.log(event.text);
 * const { status, position } = await history.ended;
 * // What comes from now on: watchRun({ runId, afterSeq: position })
 *
 * @throws what `getStatus` and {@link streamEvents} throw
 */
export function readHistory(args: RunArgs): RunStream<SmithersEvent, LoadedRun> {
  return eventsOf(readRecords(args));
}

/** As {@link readHistory}, with each event's number and the server's own text, those of one network chunk together. */
export function readRecords(args: RunArgs): RunStream<EventRecord[], LoadedRun> {
  const progress = new RunProgress(args.runId);
  return new RunStream(readToPresent(args, progress, false), () => progress.view);
}

/** After a silence of this long the history may have been read, which is then proven; in ms. */
const firstSilenceMs = 25;
/**
 * How many looks before the history is taken as it is: at which it was far behind; that brought some events, since the
 * run goes on meanwhile; and that brought none, although the status shows that something is missing.
 */
const maxLooks = { behind: 20, changing: 3, still: 6 };
/** How long a proof is waited for that somebody is going to act on, in ms: the server sends a comment each 10 s. */
const maxProofMs = 30_000;
/** A look is due after this long although there was no silence, since a busy run has none; in ms. */
const maxReadingMs = 1000;
/** After a silence of this long nothing more is expected of a server that cannot be asked, in ms. */
const maxSilenceMs = 5000;

/**
 * Reads a run's events up to the present.
 *
 * @param untilProven wait for a proof, for half a minute at most, since somebody is going to act on the result
 */
export async function* readToPresent(
  args: RunArgs,
  progress: RunProgress,
  untilProven: boolean,
): AsyncGenerator<EventRecord[], LoadedRun, undefined> {
  const { controller: stop, unlink } = linkAbort(resolveOptions(args).signal);
  const inner = { ...args, signal: stop.signal };
  const proof = new Proof(inner, progress);
  const records = readOneRun(inner, progress);
  /** The number of the last event that was yielded. */
  let position = -1;
  const toResult = (view: RunView, status: Run, isCurrent: boolean): LoadedRun => {
    const asOf = isCurrent ? null : (view.updatedAtMs ?? 0);
    return { view, status, asOf, position };
  };
  const pull = () => {
    const turn = records.next();
    // It may be left behind when everything was read.
    turn.catch(() => {});
    return turn;
  };
  /** Whether events have been read that were not yielded yet: they are next. */
  const hasUnyielded = () => (progress.stream?.position ?? -1) > position;
  let silenceMs = firstSilenceMs;
  let lookDueAt = performance.now() + maxReadingMs;
  let eventsRead = 0;
  /** The number of the newest event that a look has seen. */
  let seenTo = -1;
  const looks = { behind: 0, changing: 0, still: 0 };
  const endsAt = performance.now() + maxProofMs;
  try {
    let next = pull();
    for (;;) {
      const turn = (await settledWithin(silenceMs, next))?.value;
      if (turn?.done) return toResult(progress.view, turn.value.run, true);
      if (turn !== undefined) {
        eventsRead += turn.value.length;
        position = turn.value.at(-1)?.seq ?? position;
        const yieldedAt = performance.now();
        yield turn.value;
        // The time that the reader takes says nothing about the server.
        lookDueAt += performance.now() - yieldedAt;
        next = pull();
        if (performance.now() < lookDueAt) continue;
      }
      // What the last look saw has to be read before the next one says more.
      if (position < seenTo && performance.now() < lookDueAt + maxSilenceMs) continue;
      if (hasUnyielded()) continue;

      const look = await proof.look("everything");
      const newEvents = look?.records.length ?? 0;
      const isFullPage = newEvents >= pageSize - 1;
      // A long history comes far faster than any run goes on, and its next page is as full.
      const isHistory = isFullPage && eventsRead > 8 * newEvents;
      lookDueAt = performance.now() + maxReadingMs;
      eventsRead = 0;
      seenTo = position + newEvents;
      if (isHistory) continue;
      // Only the end of the stream proves that all of a run was read that has ended, and it comes.
      silenceMs = look?.result === "ended" ? Infinity : 2 * silenceMs;
      if (look?.result === "ended") continue;
      if (look === undefined) {
        const isEmpty = !untilProven && progress.stream === undefined && (await proof.isEmpty());
        if ((silenceMs < maxSilenceMs && !isEmpty) || hasUnyielded()) continue;
        const { view } = progress;
        return toResult(view, await getStatus(inner), false);
      }
      if (look.result === "unsure") {
        if (isFullPage || look.missingEnds > pageSize / 4) looks.behind++;
        else if (newEvents > 0) looks.changing++;
        else looks.still++;
        const isEnough =
          looks.behind >= maxLooks.behind ||
          looks.changing >= maxLooks.changing ||
          looks.still >= maxLooks.still;
        if (untilProven) silenceMs = Math.min(silenceMs, maxReadingMs);
        if (untilProven ? performance.now() <= endsAt : !isEnough) continue;
      }
      progress.update(look.view);
      position = seenTo;
      if (newEvents > 0) yield look.records;
      return toResult(look.view, look.run, look.result === "proven");
    }
  } finally {
    unlink();
    stop.abort();
    await records.return(undefined as never).catch(() => {});
  }
}
