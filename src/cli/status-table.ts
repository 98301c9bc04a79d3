import { isTerminalStatus } from "../client/index.js";
import { exitCodes } from "./exit-codes.js";

/** What a run's status and a node's state have in common when they are counted, drawn or colored. */
export type Category = "done" | "failed" | "running" | "waiting" | "cancelled" | "pending";

export type StatusColor = "green" | "red" | "cyan" | "yellow";

/** How to show a run with a status, and the exit code of a command whose result is that run. */
export interface StatusFacts {
  category: Category;
  /** `undefined` for the terminal's own color. */
  color: StatusColor | undefined;
  exitCode: number;
}

const waiting: StatusFacts = { category: "waiting", color: "yellow", exitCode: exitCodes.runWaiting };

const statuses: Readonly<Record<string, StatusFacts>> = {
  // Not ended, like a waiting run: 0 is for a finished run.
  running: { category: "running", color: "cyan", exitCode: exitCodes.runWaiting },
  "waiting-approval": waiting,
  "waiting-event": waiting,
  "waiting-timer": waiting,
  "waiting-quota": waiting,
  paused: waiting,
  finished: { category: "done", color: "green", exitCode: exitCodes.done },
  // The work continues as another run, whose end is the result. This run alone does not tell how it ends.
  continued: { category: "done", color: "green", exitCode: exitCodes.server },
  failed: { category: "failed", color: "red", exitCode: exitCodes.runFailed },
  cancelled: { category: "cancelled", color: "yellow", exitCode: exitCodes.runCancelled },
  // The status of a view before its first event.
  unknown: { category: "running", color: "yellow", exitCode: exitCodes.server },
};

/** Returns what a run's status means. Claims nothing about a status that no known server has. */
export function statusFacts(status: string): StatusFacts {
  if (Object.hasOwn(statuses, status)) return statuses[status] as StatusFacts;
  return isTerminalStatus(status)
    ? { category: "pending", color: undefined, exitCode: exitCodes.server }
    : waiting;
}

/** Returns the exit code for a run that was followed to this status. */
export function exitCodeOf(status: string): number {
  return statusFacts(status).exitCode;
}

const nodeStates: Readonly<Record<string, Category>> = {
  pending: "pending",
  "in-progress": "running",
  retrying: "running",
  finished: "done",
  skipped: "done",
  failed: "failed",
  cancelled: "cancelled",
};

/** Returns what a node's state means. An unknown state counts as executing. */
export function nodeCategory(state: string): Category {
  if (Object.hasOwn(nodeStates, state)) return nodeStates[state] as Category;
  return state.startsWith("waiting-") ? "waiting" : "running";
}
