import type { NodeView, RunView } from "../client/index.js";

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
    if (node.state === "finished" || node.state === "skipped") counts.done++;
    else if (node.state === "failed") counts.failed++;
    else if (isExecuting(node)) counts.running++;
  }
  return counts;
}

/** Whether an engine is at work on the node. */
export function isExecuting({ state }: NodeView): boolean {
  return state === "in-progress" || state === "retrying";
}
