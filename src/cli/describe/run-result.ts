import type { NodeView, RunView } from "../../client/index.js";
import { formatDuration } from "./duration.js";
import { errorText } from "./error-text.js";
import { escapeMessage, escapeControls } from "../terminal/escape-controls.js";

/** Why a node failed, in words made visible. */
export function failureReason({ error, approval }: NodeView): string {
  const words = escapeMessage(errorText(error));
  return words !== "" ? words : approval?.decision === "denied" ? "denied" : "failed";
}

/** The run's status, with the reason where it failed. */
export function runResult(view: RunView, status: string = view.status): string {
  const because = escapeMessage(errorText(view.error));
  return because === "" ? escapeControls(status) : `${escapeControls(status)}: ${because}`;
}

/** How long the run has taken, up to its end or its newest event, as words that follow its status; empty before its start. */
export function elapsed({ startedAtMs, finishedAtMs, updatedAtMs }: RunView): string {
  if (startedAtMs === null) return "";
  return ` after ${formatDuration((finishedAtMs ?? updatedAtMs ?? startedAtMs) - startedAtMs)}`;
}
