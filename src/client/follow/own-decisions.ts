import { nodeKey } from "../view/run-view.js";

/** The decisions that this process has made and that may still need a resume, by server and run. */
const decisions = new Map<string, Set<string>>();

/** Decisions are remembered for this many runs, the newest ones. */
const maxRuns = 1000;

/** A decision that concerns one turn of a loop around a node. */
interface DecidedNode {
  nodeId: string;
  iteration: number;
}

/** Remembers a decision made by this process, so that a follower of the run in this process resumes it at once. */
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

/** Forgets the decisions about a run; false if this process has made none. */
export function forgetDecisions(baseUrl: string, runId: string): boolean {
  return decisions.delete(`${baseUrl} ${runId}`);
}
