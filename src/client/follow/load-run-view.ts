import type { RunArgs } from "../requests/call-server.js";
import { readToPresent, type LoadedRun } from "./read-history.js";
import { RunProgress } from "./run-progress.js";

/**
 * Reads the whole history of a run, for the view of it as it stands. A run that has ended is read to the end of its
 * stream. For one that goes on it is proven that all was read; if that keeps changing, the view is what could be had, and
 * `asOf` says so.
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
  const records = readToPresent(args, new RunProgress(args.runId), untilProven);
  for (;;) {
    const { done, value } = await records.next();
    if (done) return value;
  }
}
