import type { Run } from "../results.js";
import { isWaitingStatus } from "../view/run-status.js";
import type { ApprovalView, RunView } from "../view/run-view.js";
import { checkUntilProven, type DrivenRun } from "./driven-run.js";

/** What else could move a run that waits for an approval. */
export interface OtherMoves {
  /** Whether a resume is sent here for decisions that no engine has applied. */
  resumes: boolean;
  /** Whether an approval is left to someone else instead of being decided here. */
  isLeft: (approval: ApprovalView) => boolean;
}

/**
 * Waits until the run itself waits for an approval and nothing else can move it.
 *
 * @returns the run's status, proven to match the view
 */
export async function reachApproval(
  run: DrivenRun,
  { resumes, isLeft }: OtherMoves,
  signal: AbortSignal,
): Promise<Run> {
  const isAtApproval = ({ status, openApprovals, unappliedDecisions }: RunView) =>
    isWaitingStatus(status) &&
    openApprovals.length > 0 &&
    openApprovals.every(isLeft) &&
    !(resumes && unappliedDecisions.length > 0);
  for (;;) {
    const change = run.changed();
    const check = await checkUntilProven(run, () => isAtApproval(run.view), signal);
    if (check !== undefined && isAtApproval(check.view) && check.run.status === "waiting-approval")
      return check.run;
    await change;
    signal.throwIfAborted();
  }
}
