import type { FollowOutcome, Session } from "./command.js";
import { formatDuration } from "./duration.js";
import { visibleText } from "./visible-text.js";

/** The option that `run` and `resume` share. */
export const watchOption = {
  flags: "-w, --watch",
  description: "follow the run to its end and exit with its result",
};

/** Follows a run to its end, telling on stderr when the connection has to be made anew. */
export function followRun(
  session: Session,
  runId: string,
  options: { afterSeq?: number | undefined; startedAtMs?: number | null } = {},
): FollowOutcome {
  const { startedAtMs = null, ...stream } = options;
  return {
    kind: "follow",
    runId,
    startedAtMs,
    records: session.client.watchRecords({
      runId,
      ...stream,
      onReconnect: ({ position, fruitless, delayMs, cause }) => {
        // A server that closes an idle stream in good order is no news, unless it does nothing else.
        if (cause === undefined && fruitless < 3) return;
        const why = cause instanceof Error ? visibleText(cause.message) : "the server closed the stream";
        const after = position === -1 ? "" : `, going on after event ${position}`;
        session.note(`reconnecting in ${formatDuration(delayMs)}${after}: ${why}`);
      },
      onContinued: ({ runId: old, newRunId }) =>
        session.note(`run ${visibleText(old)} goes on as run ${visibleText(newRunId)}; following that`),
    }),
  };
}
