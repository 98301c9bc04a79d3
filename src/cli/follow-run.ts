import type { FollowOutcome, OptionSpec, Session } from "./command.js";
import { endOrLeave } from "./end-or-leave.js";
import { formatDuration } from "./duration.js";
import { gateName } from "./gate-name.js";
import { gateDecider, gateOptions, type GateOptions } from "./gate-policy.js";
import { visibleText } from "./visible-text.js";

/** What every command that follows a run takes. */
export interface FollowOptions extends GateOptions {
  cancelOnTimeout?: boolean;
  cancelOnInterrupt?: boolean;
}

export const followOptions: readonly OptionSpec[] = [
  ...gateOptions,
  { flags: "--cancel-on-timeout", description: "cancel the run when --timeout runs out" },
  { flags: "--cancel-on-interrupt", description: "cancel the run on Ctrl-C" },
];

/** The option that `run` and `resume` share. */
export const watchOption = {
  flags: "-w, --watch",
  description: "follow the run to its end and exit with its result",
};

/**
 * Follows a run to its end, with its gates decided as the options say, and tells on stderr of what it does beside: the
 * connection made anew, decisions, resumes.
 */
export function followRun(
  session: Session,
  runId: string,
  options: FollowOptions,
  known: { afterSeq?: number | undefined; startedAtMs?: number | null; workflowPath?: string } = {},
): FollowOutcome {
  const { startedAtMs = null, ...args } = known;
  const { policy, decide } = gateDecider(options, runId, session);
  return {
    kind: "follow",
    runId,
    startedAtMs,
    onAbort: () => endOrLeave(runId, options, session),
    records: session.client.driveRecords({
      runId,
      ...args,
      onApproval: decide,
      // A person decides when there is something to look at; a rule needs no more than the gate's name.
      askWhen: policy === "approve" || policy === "deny" ? "named" : "reached",
      stopAtGate: policy === "exit",
      resume: options.resume,
      onDecided: (gate, decision) =>
        session.note(`${decision === "approve" ? "approved" : "denied"} ${gateName(gate)}`),
      onResumed: () => session.note("resumed the run, which the decision needs"),
      onResumeImpossible: (id) =>
        session.note(
          "the run goes on only after a resume, and the server keeps no list to look its workflow up in; type: " +
            `${session.commandLine("resume", id)} <workflow>`,
        ),
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
