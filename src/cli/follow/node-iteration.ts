import type { Session } from "../command.js";
import type { OptionSpec } from "../args/option.js";
import { parseCount } from "../args/parse-count.js";

/** For a command about one node. Without it, the iteration is looked up. */
export const iterationOption: OptionSpec = {
  flags: "--iteration <n>",
  description: "loop iteration (0 is the first; default: the newest one)",
  parse: parseCount(0),
};

/**
 * Finds the iteration that a command about a node means: the newest one in which the node is in this state, otherwise
 * the newest one. Returns 0 if that is not known, or if the server has no such commands anyway.
 */
export async function findIteration(
  runId: string,
  nodeId: string,
  state: "failed" | "finished",
  { client, waitFor }: Session,
): Promise<number> {
  if (!(await client.getServerTraits()).hasNodeCalls) return 0;
  const { view } = await waitFor("reading the run's events", client.loadRunView({ runId }));
  const ofNode = [...view.nodes.values()].filter((node) => node.nodeId === nodeId);
  const inState = ofNode.filter((node) => node.state === state);
  return Math.max(0, ...(inState.length > 0 ? inState : ofNode).map(({ iteration }) => iteration));
}
