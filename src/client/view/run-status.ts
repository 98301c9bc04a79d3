/** Whether a run of this status has ended: it brings no more events unless somebody starts it again. */
export function isTerminalStatus(status: string): boolean {
  return status !== "running" && status !== "paused" && !isWaitingStatus(status);
}

/**
 * Whether a run of this status has stopped, at an approval or to wait for something else, until it gets what it waits
 * for and is resumed. While a run executes, its engine sees decisions by itself. A `paused` run was stopped by a person.
 */
export function isWaitingStatus(status: string): boolean {
  return status.startsWith("waiting-");
}
