import type { RunArgs } from "../requests/call-server.js";
import { readToPresent, type LoadedRun } from "./read-history.js";
import { RunProgress } from "./run-progress.js";

/**
 * Reads the whole history of a run and returns the run's current view. A run that has ended is read to the end of its
 * stream. For a run that has not ended, it proves that everything was read. If the run keeps changing, the view shows
 * what could be read, and `asOf` says up to when.
 *
 * @throws what `getStatus` and {@link streamEvents} throw
 */
export function loadRunView(args: RunArgs): Promise<LoadedRun> {
  return loadView(args, false);
}

/**
 * Like {@link loadRunView}.
 *
 * @param untilProven whether to wait up to 30 s for a proof, because the caller will act on the view
 */
export async function loadView(args: RunArgs, untilProven: boolean): Promise<LoadedRun> {
  const records = readToPresent(args, new RunProgress(args.runId), untilProven);
  for (;;) {
    const { done, value } = await records.next();
    if (done) return value;
  }
}
