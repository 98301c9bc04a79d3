import { exitCodes } from "./exit-codes.js";

/** What runs and nodes have in common that are counted, drawn and coloured alike. */
export type Category = "done" | "failed" | "running" | "waiting" | "cancelled" | "pending";

export type StatusColor = "green" | "red" | "cyan" | "yellow";

/** What is to be known of a run's status. */
export interface StatusFacts {
  category: Category;
  /** The run brings no more events unless somebody resumes it. */
  isTerminal: boolean;
  /** The run has stopped, at a gate or to wait for something else, until what it waits for comes and it is resumed. */
  isWaiting: boolean;
  /** A resume can make a difference. */
  canResume: boolean;
  /** Undefined for the terminal's own. */
  color: StatusColor | undefined;
  /** What a command exits with whose result is a run of this status. */
  exitCode: number;
}

const waiting: StatusFacts = {
  category: "waiting",
  isTerminal: false,
  isWaiting: true,
  canResume: true,
  color: "yellow",
  exitCode: exitCodes.runWaiting,
};

const runStatuses: Readonly<Record<string, StatusFacts>> = {
  running: {
    category: "running",
    isTerminal: false,
    isWaiting: false,
    canResume: false,
    color: "cyan",
    // Not ended, as those that wait: 0 is for a run that has finished.
    exitCode: exitCodes.runWaiting,
  },
  "waiting-approval": waiting,
  "waiting-event": waiting,
  "waiting-timer": waiting,
  "waiting-quota": waiting,
  // A person stopped it, so nothing but a person resumes it.
  paused: { ...waiting, isWaiting: false },
  finished: {
    category: "done",
    isTerminal: true,
    isWaiting: false,
    canResume: false,
    color: "green",
    exitCode: exitCodes.done,
  },
  continued: {
    category: "done",
    isTerminal: true,
    isWaiting: false,
    canResume: false,
    color: "green",
    // The work goes on as another run, whose end is the result; of this one alone nobody can say what it will be.
    exitCode: exitCodes.server,
  },
  failed: {
    category: "failed",
    isTerminal: true,
    isWaiting: false,
    canResume: true,
    color: "red",
    exitCode: exitCodes.runFailed,
  },
  cancelled: {
    category: "cancelled",
    isTerminal: true,
    isWaiting: false,
    canResume: true,
    color: "yellow",
    exitCode: exitCodes.runCancelled,
  },
};

/** What a view has before its first event. */
const notYetKnown: StatusFacts = {
  ...waiting,
  category: "running",
  isWaiting: false,
  exitCode: exitCodes.server,
};

/** A status that no server is known to have: nothing is claimed of its result, and the server decides about a resume. */
const unknownStatus: StatusFacts = {
  category: "pending",
  isTerminal: true,
  isWaiting: false,
  canResume: true,
  color: undefined,
  exitCode: exitCodes.server,
};

/** The statuses that servers are known to have. */
export const knownStatuses: readonly string[] = Object.keys(runStatuses);

/** What a run's status means. Servers may have others than are known; each `waiting-…` waits. */
export function statusFacts(status: string): StatusFacts {
  if (Object.hasOwn(runStatuses, status)) return runStatuses[status] as StatusFacts;
  if (status === "unknown") return notYetKnown;
  return status.startsWith("waiting-") ? waiting : unknownStatus;
}

export const isTerminal = (status: string): boolean => statusFacts(status).isTerminal;
export const isWaiting = (status: string): boolean => statusFacts(status).isWaiting;
export const canResume = (status: string): boolean => statusFacts(status).canResume;
export const exitCodeOf = (status: string): number => statusFacts(status).exitCode;

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
