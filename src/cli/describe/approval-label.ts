import type { ApprovalRow, ApprovalView } from "../../client/index.js";
import { escapeControls, escapeMessage } from "../terminal/escape-controls.js";

/** Knows which nodes are in a loop. Events do not say so for a loop's first iteration. */
export interface LoopNodes {
  has(nodeId: string): boolean;
}

/** For callers that know nothing about loops. */
export const noLoops: LoopNodes = new Set();

type NodeName = Pick<ApprovalView, "nodeId" | "iteration">;

/** Returns the iteration to name a node with, as `--iteration` takes it; `undefined` if the node is not in a loop. */
export function iterationOf({ nodeId, iteration }: NodeName, loops: LoopNodes): number | undefined {
  return iteration > 0 || loops.has(nodeId) ? iteration : undefined;
}

/** Returns a node's id, with its iteration if it is in a loop. */
export function approvalLabel(node: NodeName, loops: LoopNodes = noLoops): string {
  const iteration = iterationOf(node, loops);
  return escapeControls(node.nodeId) + (iteration === undefined ? "" : ` (iteration ${iteration})`);
}

/** Returns the subcommand that approves a node, with its options. The caller adds the ids. */
export function approveWords(node: NodeName, loops: LoopNodes): string {
  const iteration = iterationOf(node, loops);
  return iteration === undefined ? "approve" : `approve --iteration ${Number(iteration)}`;
}

/** Returns the title and summary of a listed approval; `null` if they say no more than the node's name. */
export function requestOf(
  row: Pick<ApprovalRow, "nodeId" | "requestTitle" | "requestSummary">,
): { title: string | null; summary: string | null } | null {
  const title = row.requestTitle === row.nodeId ? null : row.requestTitle;
  return title === null && row.requestSummary === null ? null : { title, summary: row.requestSummary };
}

/** Returns the text of an approval's request, escaped; empty if it has none. */
export function requestWords(title: unknown, summary: unknown): string {
  return escapeMessage(
    [title, summary].filter((text) => typeof text === "string" && text !== "").join(" – "),
  );
}
