import type { EventRecord } from "../../client/index.js";
import type { FollowedRun } from "../command.js";

/** Learns which of the nodes that these events name are in a loop, before the events are shown. */
export async function learnLoops(
  { view, loops }: FollowedRun,
  records: readonly EventRecord[],
): Promise<void> {
  const nodeIds = new Set<string>();
  for (const { event } of records) {
    const { nodeId } = event as { nodeId?: unknown };
    if (typeof nodeId === "string") nodeIds.add(nodeId);
  }
  if (nodeIds.size > 0) await loops.learn(view().runId, nodeIds);
}
