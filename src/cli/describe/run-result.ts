import type { NodeView, RunView } from "../../client/index.js";
import { formatDuration } from "./duration.js";
import { errorTitle } from "./error-text.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Returns why a node failed, as one escaped line. */
export function failureReason({ error, approval }: NodeView): string {
  const words = errorTitle(error);
  return words !== "" ? words : approval?.decision === "denied" ? "denied" : "failed";
}

/** Returns the run's status, with the first line of the reason if it failed. */
export function runResult(view: RunView, status: string = view.status): string {
  const because = errorTitle(view.error);
  return because === "" ? escapeControls(status) : `${escapeControls(status)}: ${because}`;
}

/** Returns how long the newest attempt of a node took, in ms; `null` until it has ended. */
export function tookMs({ startedAtMs, finishedAtMs }: NodeView): number | null {
  return startedAtMs === null || finishedAtMs === null ? null : finishedAtMs - startedAtMs;
}

/**
 * Returns how long the run took, up to its end or its newest event, as text to append to its status; empty if it has
 * not started.
 */
export function elapsed({ startedAtMs, finishedAtMs, updatedAtMs }: RunView): string {
  if (startedAtMs === null) return "";
  return ` after ${formatDuration((finishedAtMs ?? updatedAtMs ?? startedAtMs) - startedAtMs)}`;
}
