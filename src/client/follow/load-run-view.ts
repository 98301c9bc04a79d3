import { settledWithin } from "../http/wait.js";
import { resolveOptions } from "../options.js";
import { getStatus, type RunArgs } from "../requests.js";
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
 * How many looks before the view is taken as it is: that brought a full page, so that there is more to read; that brought
 * less, since the run goes on meanwhile; and that brought nothing, although the status shows that something is missing.
 */
const maxLooks = { full: 20, changing: 3, still: 6 };
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
export async function loadRunView(args: RunArgs): Promise<LoadedRun> {
  const outside = resolveOptions(args).signal;
  const stop = new AbortController();
  const inner = {
    ...args,
    signal: outside === undefined ? stop.signal : AbortSignal.any([outside, stop.signal]),
  };
  const progress = new RunProgress(args.runId);
  const proof = new Proof(inner, progress);
  const records = readRun(inner, progress);
  const toResult = (view: RunView, status: Run, isCurrent: boolean): LoadedRun => {
    const asOf = isCurrent ? null : (view.updatedAtMs ?? 0);
    return { view, status, asOf, position: progress.stream?.position ?? -1 };
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
  const looks = { full: 0, changing: 0, still: 0 };
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

      const look = await proof.look();
      const isFullPage = look !== undefined && look.newEvents >= pageSize - 1;
      // A long history comes far faster than any run goes on, and its next page is as full.
      const isHistory = isFullPage && eventsRead > 8 * look.newEvents;
      lookDueAt = performance.now() + maxReadingMs;
      eventsRead = 0;
      if (isHistory) continue;
      // Only the end of the stream proves that all of a run was read that has ended, and it comes.
      silenceMs = look?.result === "ended" ? Infinity : 2 * silenceMs;
      if (look?.result === "ended") continue;
      if (look === undefined) {
        if (silenceMs < maxSilenceMs) continue;
        return toResult(progress.view, await getStatus(inner), false);
      }
      if (look.result !== "unsure") return toResult(look.view, look.run, true);
      if (isFullPage) looks.full++;
      else if (look.newEvents > 0) looks.changing++;
      else looks.still++;
      const isEnough =
        looks.full >= maxLooks.full || looks.changing >= maxLooks.changing || looks.still >= maxLooks.still;
      if (isEnough) return toResult(look.view, look.run, false);
    }
  } finally {
    stop.abort();
    await records.return(undefined as never).catch(() => {});
  }
}
