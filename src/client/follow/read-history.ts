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

/** The current state of a run. */
export interface LoadedRun {
  view: RunView;
  status: Run;
  /**
   * `null` if the view is proven to be current. Otherwise, the run continued while it was read, and this is the
   * server's time up to which the view is complete, in milliseconds since 1970.
   */
  asOf: number | null;
  /** Number of the newest event in the view, -1 if the run has no events. */
  position: number;
}

/**
 * Yields the events that a run has so far, each once and in order, and then ends. It reads as fast as the server's
 * pages allow (50,000 events in a few seconds). A run that has ended is read to the end of its stream. For a run that
 * has not ended, it proves that everything was read, or the `asOf` of `ended` says up to when. Does not follow a run
 * that continues as a new one; call it again for that. It sends nothing that changes the run, reads nothing ahead of
 * the loop, and keeps no events.
 *
 * @returns a stream whose `ended` is the current state of the run: its last status, and the view of all events
 *
 * @example
 * const history = readHistory({ runId });
 * for await (const event of history) if (event.type === "NodeOutput") console.log(event.text);
 * const { status, position } = await history.ended;
 * // To continue with new events: watchRun({ runId, afterSeq: position })
 *
 * @throws what `getStatus` and {@link streamEvents} throw
 */
export function readHistory(args: RunArgs): RunStream<SmithersEvent, LoadedRun> {
  return eventsOf(readRecords(args));
}

/**
 * Like {@link readHistory}, but yields each event with its number and the server's original text, one array per network
 * chunk.
 */
export function readRecords(args: RunArgs): RunStream<EventRecord[], LoadedRun> {
  const progress = new RunProgress(args.runId);
  return new RunStream(readToPresent(args, progress, false), () => progress.view);
}

/** After a silence of this long, the whole history may have been read; a check then proves it. In ms. */
const firstSilenceMs = 25;
/**
 * How many unproven checks of each kind to make before returning the history as is. `behind`: the view was far behind.
 * `changing`: the check brought some events, because the run continues. `still`: it brought none, although the status
 * shows that something is missing.
 */
const maxChecks = { behind: 20, changing: 3, still: 6 };
/** How long to wait for a proof if the caller will act on the result, in ms. The server sends a comment every 10 s. */
const maxProofMs = 30_000;
/** Check after this long even without a silence, because a busy run has none. In ms. */
const maxReadingMs = 1000;
/** After a silence of this long, expect nothing more from a server that cannot be reached. In ms. */
const maxSilenceMs = 5000;

/**
 * Reads a run's events up to the present.
 *
 * @param untilProven whether to wait up to 30 s for a proof, because the caller will act on the result
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
  /** The number of the last event yielded. */
  let position = -1;
  const toResult = (view: RunView, status: Run, isCurrent: boolean): LoadedRun => {
    const asOf = isCurrent ? null : (view.updatedAtMs ?? 0);
    return { view, status, asOf, position };
  };
  const pull = () => {
    const step = records.next();
    // This read may be abandoned once everything was read.
    step.catch(() => {});
    return step;
  };
  /** Whether events have been read that were not yielded yet; they come next. */
  const hasUnyielded = () => (progress.stream?.position ?? -1) > position;
  let silenceMs = firstSilenceMs;
  let checkDueAt = performance.now() + maxReadingMs;
  let eventsRead = 0;
  /** The number of the newest event that a check has seen. */
  let seenTo = -1;
  const checks = { behind: 0, changing: 0, still: 0 };
  const endsAt = performance.now() + maxProofMs;
  try {
    let next = pull();
    for (;;) {
      const step = (await settledWithin(silenceMs, next))?.value;
      if (step?.done) return toResult(progress.view, step.value.run, true);
      if (step !== undefined) {
        eventsRead += step.value.length;
        position = step.value.at(-1)?.seq ?? position;
        const yieldedAt = performance.now();
        yield step.value;
        // The time that the caller takes says nothing about the server.
        checkDueAt += performance.now() - yieldedAt;
        next = pull();
        if (performance.now() < checkDueAt) continue;
      }
      // Read what the last check saw first; until then another check shows nothing new.
      if (position < seenTo && performance.now() < checkDueAt + maxSilenceMs) continue;
      if (hasUnyielded()) continue;

      const check = await proof.check("everything");
      const newEvents = check?.records.length ?? 0;
      const isFullPage = newEvents >= pageSize - 1;
      // A long history arrives far faster than any run produces events, and its next page is also full.
      const isHistory = isFullPage && eventsRead > 8 * newEvents;
      checkDueAt = performance.now() + maxReadingMs;
      eventsRead = 0;
      seenTo = position + newEvents;
      if (isHistory) continue;
      // Only the end of the stream proves that all of an ended run was read, and that end will come.
      silenceMs = check?.result === "ended" ? Infinity : 2 * silenceMs;
      if (check?.result === "ended") continue;
      if (check === undefined) {
        const isEmpty = !untilProven && progress.stream === undefined && (await proof.isEmpty());
        if ((silenceMs < maxSilenceMs && !isEmpty) || hasUnyielded()) continue;
        const { view } = progress;
        return toResult(view, await getStatus(inner), false);
      }
      if (check.result === "unproven") {
        if (isFullPage || check.missingEnds > pageSize / 4) checks.behind++;
        else if (newEvents > 0) checks.changing++;
        else checks.still++;
        const isEnough =
          checks.behind >= maxChecks.behind ||
          checks.changing >= maxChecks.changing ||
          checks.still >= maxChecks.still;
        if (untilProven) silenceMs = Math.min(silenceMs, maxReadingMs);
        if (untilProven ? performance.now() <= endsAt : !isEnough) continue;
      }
      progress.update(check.view);
      position = seenTo;
      if (newEvents > 0) yield check.records;
      return toResult(check.view, check.run, check.result === "proven");
    }
  } finally {
    unlink();
    stop.abort();
    await records.return(undefined as never).catch(() => {});
  }
}
