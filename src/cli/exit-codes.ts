/** What the process says of how it went. 0 to 4 are those of the upstream command line, which scripts know. */
export const exitCodes = {
  done: 0,
  runFailed: 1,
  runCancelled: 2,
  runWaiting: 3,
  usage: 4,
  server: 5,
  notAuthorised: 6,
  timedOut: 124,
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

/** The table as `--help` shows it. */
export const exitCodeHelp: readonly (readonly [string, string])[] = [
  ["0", "done; a followed run finished"],
  ["1", "the followed run failed"],
  ["2", "the followed run was cancelled"],
  ["3", "the followed run is waiting for an approval (only where asked to stop there)"],
  ["4", "bad usage or input, or the server refused the request"],
  ["5", "the server cannot be reached, broke, or its stream was lost for good"],
  ["6", "not authorised"],
  ["124", "--timeout ran out"],
  ["129, 130, 143", "ended by SIGHUP, SIGINT (Ctrl-C), SIGTERM"],
];

/** The exit code that a followed run's last status stands for. */
export function exitCodeOf(status: string): number {
  if (status === "finished" || status === "continued") return exitCodes.done;
  if (status === "cancelled") return exitCodes.runCancelled;
  if (status.startsWith("waiting-") || status === "paused") return exitCodes.runWaiting;
  return exitCodes.runFailed;
}
