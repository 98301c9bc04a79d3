import type { ApprovalRow, ApprovalView } from "../../client/index.js";
import { escapeControls, escapeMessage } from "../terminal/escape-controls.js";

/** Knows which nodes are in a loop, which no event says of a loop's first iteration. */
export interface LoopNodes {
  has(nodeId: string): boolean;
}

/** Where nothing is known of loops. */
export const noLoops: LoopNodes = new Set();

type NodeName = Pick<ApprovalView, "nodeId" | "iteration">;

/** The iteration that a node is named with; undefined for a node in no loop. It is what `--iteration` takes. */
export function iterationOf({ nodeId, iteration }: NodeName, loops: LoopNodes): number | undefined {
  return iteration > 0 || loops.has(nodeId) ? iteration : undefined;
}

/** A node by its id, and in a loop by its iteration. */
export function approvalLabel(node: NodeName, loops: LoopNodes = noLoops): string {
  const iteration = iterationOf(node, loops);
  return escapeControls(node.nodeId) + (iteration === undefined ? "" : ` (iteration ${iteration})`);
}

/** Our words of the command that approves a node. */
export function approveWords(node: NodeName, loops: LoopNodes): string {
  const iteration = iterationOf(node, loops);
  return iteration === undefined ? "approve" : `approve --iteration ${Number(iteration)}`;
}

/** What a listed approval asks for; null if that is no more than its node's name. */
export function requestOf(
  row: Pick<ApprovalRow, "nodeId" | "requestTitle" | "requestSummary">,
): { title: string | null; summary: string | null } | null {
  const title = row.requestTitle === row.nodeId ? null : row.requestTitle;
  return title === null && row.requestSummary === null ? null : { title, summary: row.requestSummary };
}

/** What an approval's request says, made visible; empty if it says nothing. */
export function requestWords(title: unknown, summary: unknown): string {
  return escapeMessage(
    [title, summary].filter((text) => typeof text === "string" && text !== "").join(" – "),
  );
}
