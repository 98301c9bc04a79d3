import { isWaitingStatus, type ApprovalView, type RunView } from "../../client/index.js";

/**
 * Returns since when an approval has been waiting for a person, by the server's clock; `undefined` if it is decided, or
 * if the run has not reached it yet. 0.5.0 announces an approval before the preceding nodes have run; there, the wait
 * starts when the last of them ended.
 */
export function waitingSince(approval: ApprovalView, view: RunView): number | undefined {
  if (approval.decision !== null) return undefined;
  const named = approval.requestedAtMs ?? view.startedAtMs ?? 0;
  if (approval.request !== null) return named;
  if (!isWaitingStatus(view.status)) return undefined;
  let since = named;
  for (const { finishedAtMs } of view.nodes.values()) since = Math.max(since, finishedAtMs ?? 0);
  return since;
}
