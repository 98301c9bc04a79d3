import type { NodeView, RunView } from "../../client/index.js";
import { nodeCategory } from "../status-table.js";

/** How many nodes are known, and in which state. */
export interface NodeCounts {
  known: number;
  done: number;
  failed: number;
  running: number;
}

/** Counts the nodes that a run's events have named. */
export function countNodes({ nodes }: RunView): NodeCounts {
  const counts = { known: nodes.size, done: 0, failed: 0, running: 0 };
  for (const node of nodes.values()) {
    const category = nodeCategory(node.state);
    if (category === "done" || category === "failed" || category === "running") counts[category]++;
  }
  return counts;
}

/** Whether an engine is at work on the node. */
export function isExecuting({ state }: NodeView): boolean {
  return nodeCategory(state) === "running";
}
