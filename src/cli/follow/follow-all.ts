import { isTerminalStatus } from "../../client/index.js";
import type { RunFilter } from "../args/run-filter.js";
import type { Outcome, Session } from "../command.js";
import { UsageError } from "../usage-error.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { RunFinder } from "./find-runs.js";
import type { FollowOptions } from "./follow-run.js";
import { followRuns } from "./follow-runs.js";

/**
 * Checks that runs that match the filter can be followed.
 *
 * @throws {UsageError}
 */
export function checkFilter({ status }: RunFilter, { commandLine }: Session): void {
  if (status === undefined || !isTerminalStatus(status)) return;
  throw new UsageError(
    `a run of status '${escapeControls(status)}' has ended; only runs that go on can be followed`,
    {
      hint: commandLine(["ls", `--status=${status}`]),
    },
  );
}

/**
 * Follows the runs of a server that have not ended, and those that start in the meantime.
 *
 * @param rewatch the command that follows them again
 */
export async function followAll(
  session: Session,
  filter: RunFilter,
  options: FollowOptions,
  { keep, rewatch }: { keep: boolean; rewatch: readonly string[] },
): Promise<Outcome> {
  const finder = new RunFinder(session, filter);
  // Oldest first, so that runs that start later come last.
  const open = (await finder.first()).reverse();
  if (open.length > 0 || keep) return followRuns(session, open, options, { finder, keep, rewatch });
  session.note("no run is in progress");
  return { kind: "silent", exitCode: 0 };
}
