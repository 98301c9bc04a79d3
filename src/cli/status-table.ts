import { isTerminalStatus } from "../client/index.js";
import { exitCodes } from "./exit-codes.js";

/** What runs and nodes have in common that are counted, drawn and coloured alike. */
export type Category = "done" | "failed" | "running" | "waiting" | "cancelled" | "pending";

export type StatusColor = "green" | "red" | "cyan" | "yellow";

/** How a run of a status is shown, and what a command exits with whose result it is. */
export interface StatusFacts {
  category: Category;
  /** Undefined for the terminal's own. */
  color: StatusColor | undefined;
  exitCode: number;
}

const waiting: StatusFacts = { category: "waiting", color: "yellow", exitCode: exitCodes.runWaiting };

const statuses: Readonly<Record<string, StatusFacts>> = {
  // Not ended, as those that wait: 0 is for a run that has finished.
  running: { category: "running", color: "cyan", exitCode: exitCodes.runWaiting },
  "waiting-approval": waiting,
  "waiting-event": waiting,
  "waiting-timer": waiting,
  "waiting-quota": waiting,
  paused: waiting,
  finished: { category: "done", color: "green", exitCode: exitCodes.done },
  // The work goes on as another run, whose end is the result; of this one alone nobody can say what it will be.
  continued: { category: "done", color: "green", exitCode: exitCodes.server },
  failed: { category: "failed", color: "red", exitCode: exitCodes.runFailed },
  cancelled: { category: "cancelled", color: "yellow", exitCode: exitCodes.runCancelled },
  // What a view has before its first event.
  unknown: { category: "running", color: "yellow", exitCode: exitCodes.server },
};

/** What a run's status means. Of one that no server is known to have, nothing is claimed. */
export function statusFacts(status: string): StatusFacts {
  if (Object.hasOwn(statuses, status)) return statuses[status] as StatusFacts;
  return isTerminalStatus(status)
    ? { category: "pending", color: undefined, exitCode: exitCodes.server }
    : waiting;
}

/** The exit code for a run that was followed to this status. */
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

/** What a node's state means; one that is not known counts as something that executes. */
export function nodeCategory(state: string): Category {
  if (Object.hasOwn(nodeStates, state)) return nodeStates[state] as Category;
  return state.startsWith("waiting-") ? "waiting" : "running";
}
