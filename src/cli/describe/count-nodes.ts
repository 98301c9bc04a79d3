import type { NodeView, RunView } from "../../client/index.js";
import { nodeCategory, type Category } from "../status-table.js";

/** How many nodes are known, and how many are in each state. A node in a loop counts once, by its newest iteration. */
export interface NodeCounts {
  known: number;
  done: number;
  failed: number;
  running: number;
}

/**
 * Counts the nodes that a run's events name.
 *
 * @param expected further nodes, from the run's tree
 */
export function countNodes(
  { nodes }: RunView,
  expected: readonly { nodeId: string; iteration: number }[] = [],
): NodeCounts {
  const newest = new Map<string, { iteration: number; category: Category }>();
  const see = (nodeId: string, iteration: number, category: Category): void => {
    if (iteration > (newest.get(nodeId)?.iteration ?? -1)) newest.set(nodeId, { iteration, category });
  };
  for (const { nodeId, iteration, state } of nodes.values()) see(nodeId, iteration, nodeCategory(state));
  for (const { nodeId, iteration } of expected) see(nodeId, iteration, "pending");
  const counts = { known: newest.size, done: 0, failed: 0, running: 0 };
  for (const { category } of newest.values()) {
    if (category === "done" || category === "failed" || category === "running") counts[category]++;
  }
  return counts;
}

/** Whether an engine is executing the node. */
export function isExecuting({ state }: NodeView): boolean {
  return nodeCategory(state) === "running";
}
