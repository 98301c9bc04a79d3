import type { ApprovalView } from "../../client/index.js";
import { escapeControls, escapeMessage } from "../terminal/escape-controls.js";

/** A gate for a person: its node, and the turn of the loop where that is not the first. */
export function approvalLabel({ nodeId, iteration }: Pick<ApprovalView, "nodeId" | "iteration">): string {
  return escapeControls(nodeId) + (iteration === 0 ? "" : ` (iteration ${iteration})`);
}

/** What an approval's request says, made visible; empty if it says nothing. */
export function requestWords(title: unknown, summary: unknown): string {
  return escapeMessage(
    [title, summary].filter((text) => typeof text === "string" && text !== "").join(" – "),
  );
}
