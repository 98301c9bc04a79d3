import { isWaitingStatus, type ApprovalView, type RunView } from "../../client/index.js";

/**
 * Since when a gate waits for a person, by the server's clock; undefined while the run has not come to it. 0.5.0 names a
 * gate before the nodes in front of it have run: there it waits since the last of them ended.
 */
export function waitingSince(gate: ApprovalView, view: RunView): number | undefined {
  if (gate.decision !== null) return undefined;
  const named = gate.requestedAtMs ?? view.startedAtMs ?? 0;
  if (gate.request !== null) return named;
  if (!isWaitingStatus(view.status)) return undefined;
  let since = named;
  for (const { finishedAtMs } of view.nodes.values()) since = Math.max(since, finishedAtMs ?? 0);
  return since;
}
