import { nodeKey } from "../view/run-view.js";

/** The decisions that this process made and that may still need a resume, by server and run. */
const decisions = new Map<string, Set<string>>();

/** Remember decisions for only this many runs, the most recent ones. */
const maxRuns = 1000;

/** A decided node, in one iteration of its loop. */
interface DecidedNode {
  nodeId: string;
  iteration: number;
}

/** Records a decision that this process made, so that a follower of the run in this process resumes it at once. */
export function noteDecision(baseUrl: string, runId: string, { nodeId, iteration }: DecidedNode): void {
  const key = `${baseUrl} ${runId}`;
  const nodes = decisions.get(key) ?? new Set();
  decisions.delete(key);
  decisions.set(key, nodes.add(nodeKey(nodeId, iteration)));
  for (const oldest of decisions.keys()) {
    if (decisions.size <= maxRuns) break;
    decisions.delete(oldest);
  }
}

/** Whether this process made the decision. */
export function isOwnDecision(baseUrl: string, runId: string, { nodeId, iteration }: DecidedNode): boolean {
  return decisions.get(`${baseUrl} ${runId}`)?.has(nodeKey(nodeId, iteration)) ?? false;
}

/** Forgets the decisions about a run. Returns false if this process made none. */
export function forgetDecisions(baseUrl: string, runId: string): boolean {
  return decisions.delete(`${baseUrl} ${runId}`);
}
