/** The exit codes of the process. 0 to 4 are those of the upstream command line, which scripts rely on. */
export const exitCodes = {
  done: 0,
  runFailed: 1,
  runCancelled: 2,
  runWaiting: 3,
  usage: 4,
  server: 5,
  notAuthorised: 6,
  bug: 70,
  timedOut: 124,
  SIGHUP: 129,
  SIGINT: 130,
  readerGone: 141,
  SIGTERM: 143,
} as const;

/** The table as `--help` shows it. */
export const exitCodeHelp: readonly (readonly [string, string])[] = [
  ["0", "done; a followed run finished"],
  ["1", "the followed run failed"],
  ["2", "the followed run was cancelled"],
  ["3", "the followed run is waiting for an approval (only with --on-approval exit)"],
  ["4", "bad usage or input, or the server refused the request (as for a workflow file it cannot load)"],
  ["5", "the server cannot be reached, broke, or its stream was lost for good"],
  ["6", "not authorised"],
  ["70", "a bug in smithers-client"],
  ["124", "--timeout ran out"],
  ["129, 130, 143", "ended by SIGHUP, SIGINT (Ctrl-C), SIGTERM"],
  ["141", "stdout was closed before the followed run's end was known"],
];

/** The exit codes that following runs can end with, from best to worst. */
const bySeverity: readonly number[] = [
  exitCodes.done,
  exitCodes.runWaiting,
  exitCodes.runCancelled,
  exitCodes.runFailed,
  exitCodes.usage,
  exitCodes.notAuthorised,
  exitCodes.server,
];

/**
 * Returns the worst of several exit codes. A code that no run ends with, such as that of a bug, is worse than all
 * others.
 */
export function worstExitCode(codes: Iterable<number>): number {
  const severity = (code: number) => (bySeverity.includes(code) ? bySeverity.indexOf(code) : Infinity);
  return [...codes].reduce<number>(
    (worst, code) => (severity(code) > severity(worst) ? code : worst),
    exitCodes.done,
  );
}

/** Returns the exit code for an unsuccessful HTTP status. */
export function exitCodeOfHttpStatus(status: number): number {
  if (status === 401 || status === 403 || status === 407) return exitCodes.notAuthorised;
  // Being asked to come back later is the server's trouble, not the caller's mistake.
  if (status === 408 || status === 425 || status === 429) return exitCodes.server;
  return status >= 400 && status < 500 ? exitCodes.usage : exitCodes.server;
}
