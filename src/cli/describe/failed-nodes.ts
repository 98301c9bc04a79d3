import type { NodeView, RunView } from "../../client/index.js";
import { errorText } from "./error-text.js";

/** Returns the nodes that failed, whether or not they made the run fail. */
export function failedNodes({ nodes }: RunView): NodeView[] {
  return [...nodes.values()].filter(({ state }) => state === "failed");
}

/** Returns the nodes that made the run fail because the engine gave up on them; empty if something else did. */
export function blamedNodes(view: RunView): NodeView[] {
  const { nodes, error } = view;
  const isForNodes = saysTaskFailed(error) || nodes.has(blamedKey(error) ?? "");
  return isForNodes ? failedNodes(view) : [];
}

/** Returns the run's error if it says more than its nodes' errors; otherwise `null`. */
export function ownError(view: RunView): unknown {
  if (blamedNodes(view).length > 0) return null;
  const text = errorText(view.error);
  const isSame = [...view.nodes.values()].some(
    (node) => node.error !== null && errorText(node.error) === text,
  );
  return isSame ? null : view.error;
}

/** Whether the run's error says only that a node failed. 0.5.0 does not even say which one. */
export function saysTaskFailed(error: unknown): boolean {
  return /^Task failed\b/.test(errorText(error));
}

/** Returns the key, as `nodeKey` makes it, of the node that the run's error names (servers from 0.32 on). */
export function blamedKey(error: unknown): string | undefined {
  const { details } = (typeof error === "object" ? (error ?? {}) : {}) as {
    details?: { key?: unknown } | null;
  };
  return typeof details?.key === "string" ? details.key : undefined;
}
