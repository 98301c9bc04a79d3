/** What a run's status means. */
interface StatusFacts {
  /** The run has ended: it brings no more events unless somebody resumes it. */
  isTerminal: boolean;
  /**
   * The run has stopped, at an approval or to wait for something else, until it gets what it waits for and is resumed.
   * While a run executes, its engine sees decisions by itself. A `paused` run was stopped by a person, and only a person
   * resumes it.
   */
  isWaiting: boolean;
  /** A resume can make a difference. */
  isResumable: boolean;
}

const waiting: StatusFacts = { isTerminal: false, isWaiting: true, isResumable: true };

const statuses: Readonly<Record<string, StatusFacts>> = {
  running: { isTerminal: false, isWaiting: false, isResumable: false },
  "waiting-approval": waiting,
  "waiting-event": waiting,
  "waiting-timer": waiting,
  "waiting-quota": waiting,
  paused: { isTerminal: false, isWaiting: false, isResumable: true },
  finished: { isTerminal: true, isWaiting: false, isResumable: false },
  continued: { isTerminal: true, isWaiting: false, isResumable: false },
  failed: { isTerminal: true, isWaiting: false, isResumable: true },
  cancelled: { isTerminal: true, isWaiting: false, isResumable: true },
};

/** The events that end a run, each with the status that the run has then. */
export const statusOfEndEvent: ReadonlyMap<string, string> = new Map([
  ["RunFinished", "finished"],
  ["RunFailed", "failed"],
  ["RunCancelled", "cancelled"],
  ["RunContinuedAsNew", "continued"],
]);

/** The statuses that servers are known to have. */
export const knownStatuses: readonly string[] = Object.keys(statuses);

/** Servers may have others; each `waiting-…` waits, and any other has ended. */
function factsOf(status: string): StatusFacts {
  if (Object.hasOwn(statuses, status)) return statuses[status] as StatusFacts;
  return status.startsWith("waiting-") ? waiting : { isTerminal: true, isWaiting: false, isResumable: true };
}

/** Whether a run of this status has ended: it brings no more events unless somebody resumes it. */
export function isTerminalStatus(status: string): boolean {
  return factsOf(status).isTerminal;
}

/** Whether a run of this status has stopped to wait, for an approval or something else, until it is resumed. */
export function isWaitingStatus(status: string): boolean {
  return factsOf(status).isWaiting;
}

/** Whether a resume can make a difference to a run of this status. */
export function isResumableStatus(status: string): boolean {
  return factsOf(status).isResumable;
}
