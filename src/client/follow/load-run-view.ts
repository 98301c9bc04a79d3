import { linkAbort } from "../http/linked-abort.js";
import { settledWithin } from "../http/wait.js";
import { resolveOptions } from "../options.js";
import type { RunArgs } from "../requests/call-server.js";
import { getStatus } from "../requests/reads.js";
import type { Run } from "../results.js";
import type { RunView } from "../view/run-view.js";
import { pageSize } from "./pages-ahead.js";
import { Proof } from "./proof.js";
import { readRun } from "./read-run.js";
import { RunProgress } from "./run-progress.js";

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

/** After a silence of this long the history may have been read, which is then proven; in ms. */
const firstSilenceMs = 25;
/**
 * How many looks before the view is taken as it is: at which it was far behind; that brought some events, since the run
 * goes on meanwhile; and that brought none, although the status shows that something is missing.
 */
const maxLooks = { behind: 20, changing: 3, still: 6 };
/** How long a proof is waited for that somebody is going to act on, in ms: the server sends a comment each 10 s. */
const maxProofMs = 30_000;
/** A look is due after this long although there was no silence, since a busy run has none; in ms. */
const maxReadingMs = 1000;
/** After a silence of this long nothing more is expected of a server that cannot be asked, in ms. */
const maxSilenceMs = 5000;

/**
 * Reads the whole history of a run. A run that has ended is read to the end of its stream. For one that goes on it is
 * proven that all was read; if that keeps changing, the view is what could be had, and `asOf` says so.
 *
 * @throws what `getStatus` and {@link streamEvents} throw
 */
export function loadRunView(args: RunArgs): Promise<LoadedRun> {
  return loadView(args, false);
}

/**
 * As {@link loadRunView}.
 *
 * @param untilProven wait for a proof, for half a minute at most, since somebody is going to act on the view
 */
export async function loadView(args: RunArgs, untilProven: boolean): Promise<LoadedRun> {
  const { controller: stop, unlink } = linkAbort(resolveOptions(args).signal);
  const inner = { ...args, signal: stop.signal };
  const progress = new RunProgress(args.runId);
  const proof = new Proof(inner, progress);
  const records = readRun(inner, progress);
  const position = () => progress.stream?.position ?? -1;
  const toResult = (view: RunView, status: Run, isCurrent: boolean): LoadedRun => {
    const asOf = isCurrent ? null : (view.updatedAtMs ?? 0);
    return { view, status, asOf, position: position() };
  };
  const pull = () => {
    const turn = records.next();
    // It may be left behind when the view is complete.
    turn.catch(() => {});
    return turn;
  };
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
      if (turn?.done) return toResult(progress.view, turn.value, true);
      if (turn !== undefined) {
        next = pull();
        eventsRead += turn.value.length;
        // What comes next is of the run in which the work continues.
        if (progress.view.continuedAs !== null) return toResult(progress.view, await getStatus(inner), true);
        if (performance.now() < lookDueAt) continue;
      }
      // What the last look saw has to be read before the next one says more.
      if (position() < seenTo && performance.now() < lookDueAt + maxSilenceMs) continue;

      const positionBefore = position();
      const look = await proof.look("everything");
      const isFullPage = look !== undefined && look.newEvents >= pageSize - 1;
      // A long history comes far faster than any run goes on, and its next page is as full.
      const isHistory = isFullPage && eventsRead > 8 * look.newEvents;
      lookDueAt = performance.now() + maxReadingMs;
      eventsRead = 0;
      seenTo = positionBefore + (look?.newEvents ?? 0);
      if (isHistory) continue;
      // Only the end of the stream proves that all of a run was read that has ended, and it comes.
      silenceMs = look?.result === "ended" ? Infinity : 2 * silenceMs;
      if (look?.result === "ended") continue;
      if (look === undefined) {
        if (silenceMs < maxSilenceMs) continue;
        return toResult(progress.view, await getStatus(inner), false);
      }
      if (look.result === "proven") return toResult(look.view, look.run, true);
      if (isFullPage || look.missingEnds > pageSize / 4) looks.behind++;
      else if (look.newEvents > 0) looks.changing++;
      else looks.still++;
      const isEnough =
        looks.behind >= maxLooks.behind ||
        looks.changing >= maxLooks.changing ||
        looks.still >= maxLooks.still;
      if (untilProven ? performance.now() > endsAt : isEnough) return toResult(look.view, look.run, false);
      if (untilProven) silenceMs = Math.min(silenceMs, maxReadingMs);
    }
  } finally {
    unlink();
    stop.abort();
    await records.return(undefined as never).catch(() => {});
  }
}
