import type { Run } from "../results.js";
import { isWaitingStatus } from "../view/run-status.js";
import type { RunView } from "../view/run-view.js";
import { lookUntilProven, type DrivenRun } from "./driven-run.js";

/**
 * Waits until the run itself waits for an approval, and nothing else can move it: a decision that is still to be resumed
 * does, unless nobody resumes.
 *
 * @returns the run's status, proven
 */
export async function reachApproval(run: DrivenRun, resumes: boolean, signal: AbortSignal): Promise<Run> {
  const isAtApproval = ({ status, openApprovals, unappliedDecisions }: RunView) =>
    isWaitingStatus(status) && openApprovals.length > 0 && !(resumes && unappliedDecisions.length > 0);
  for (;;) {
    const change = run.changed();
    const look = await lookUntilProven(run, () => isAtApproval(run.view), signal);
    if (look !== undefined && isAtApproval(look.view) && look.run.status === "waiting-approval")
      return look.run;
    await change;
    signal.throwIfAborted();
  }
}
