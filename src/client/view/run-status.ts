/** What a run's status means. */
interface StatusFacts {
  /** Whether the run has ended: there are no more events unless the run is resumed. */
  isTerminal: boolean;
  /**
   * Whether the run has stopped to wait, for an approval or something else, until that arrives and the run is resumed.
   * While a run executes, its engine sees decisions by itself. A `paused` run was stopped by a user, and only a user
   * resumes it.
   */
  isWaiting: boolean;
  /** Whether a resume can make a difference. */
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

/** The events that end a run, each with the run's status afterwards. */
export const statusOfEndEvent: ReadonlyMap<string, string> = new Map([
  ["RunFinished", "finished"],
  ["RunFailed", "failed"],
  ["RunCancelled", "cancelled"],
  ["RunContinuedAsNew", "continued"],
]);

/** All statuses that servers are known to use. */
export const knownStatuses: readonly string[] = Object.keys(statuses);

/** Returns what a status means. Of unknown ones, `waiting-…` means waiting, and any other means ended. */
function factsOf(status: string): StatusFacts {
  if (Object.hasOwn(statuses, status)) return statuses[status] as StatusFacts;
  return status.startsWith("waiting-") ? waiting : { isTerminal: true, isWaiting: false, isResumable: true };
}

/** Whether a run with this status has ended: there are no more events unless the run is resumed. */
export function isTerminalStatus(status: string): boolean {
  return factsOf(status).isTerminal;
}

/** Whether a run with this status has stopped to wait, for an approval or something else, until it is resumed. */
export function isWaitingStatus(status: string): boolean {
  return factsOf(status).isWaiting;
}

/** Whether a resume can make a difference to a run with this status. */
export function isResumableStatus(status: string): boolean {
  return factsOf(status).isResumable;
}
