import { isWaitingStatus, type ApprovalView, type RunView } from "../../client/index.js";

/**
 * Since when an approval waits for a person, by the server's clock; undefined while the run has not come to it. 0.5.0 announces
 * an approval before the nodes in front of it have run: there it waits since the last of them ended.
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
