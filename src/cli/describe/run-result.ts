import type { NodeView, RunView } from "../../client/index.js";
import { formatDuration } from "./duration.js";
import { errorTitle } from "./error-text.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Why a node failed, in a line of words made visible. */
export function failureReason({ error, approval }: NodeView): string {
  const words = errorTitle(error);
  return words !== "" ? words : approval?.decision === "denied" ? "denied" : "failed";
}

/** The run's status, with the first line of the reason where it failed. */
export function runResult(view: RunView, status: string = view.status): string {
  const because = errorTitle(view.error);
  return because === "" ? escapeControls(status) : `${escapeControls(status)}: ${because}`;
}

/** How long the newest attempt of a node took, in ms; null before its end. */
export function tookMs({ startedAtMs, finishedAtMs }: NodeView): number | null {
  return startedAtMs === null || finishedAtMs === null ? null : finishedAtMs - startedAtMs;
}

/** How long the run has taken, up to its end or its newest event, as words that follow its status; empty before its start. */
export function elapsed({ startedAtMs, finishedAtMs, updatedAtMs }: RunView): string {
  if (startedAtMs === null) return "";
  return ` after ${formatDuration((finishedAtMs ?? updatedAtMs ?? startedAtMs) - startedAtMs)}`;
}
