import type { EventRecord, Frame, ResumeReason, Run, RunStream } from "../../client/index.js";
import { ciOption, type CiSystem } from "../ci/ci-system.js";
import { githubReports } from "../ci/github-reports.js";
import { junitFile, junitReport } from "../ci/junit-report.js";
import { UsageError, type FollowOutcome, type OptionSpec, type Session } from "../command.js";
import { formatDuration, parseDuration } from "../describe/duration.js";
import { cancelOrDetach } from "./cancel-or-detach.js";
import { approvalLabel } from "../describe/approval-label.js";
import { approvalDecider, approvalOptions, type ApprovalOptions } from "./approval-policy.js";
import { manualResumeHint } from "./manual-resume-hint.js";
import { RunTimes } from "../timeline/run-times.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { waitingFor } from "../describe/waiting-for.js";

/** What every command that follows a run takes. */
export interface FollowOptions extends ApprovalOptions {
  cancelOnTimeout?: boolean;
  cancelOnInterrupt?: boolean;
  ci?: CiSystem;
  heartbeat?: number;
  junit?: string;
  by?: string;
}

/** After so many silent milliseconds a CI system may take a job for dead; the option says otherwise. */
const ciHeartbeatMs = 60_000;

/** Who decides or sends a signal. */
export const byOption: OptionSpec = {
  flags: "--by <name>",
  description: "who decides, for the server's records",
};

export const followOptions: readonly OptionSpec[] = [
  ...approvalOptions,
  byOption,
  { flags: "--cancel-on-timeout", description: "cancel the run when --timeout runs out" },
  { flags: "--cancel-on-interrupt", description: "cancel the run on Ctrl-C" },
  ciOption,
  {
    flags: "--heartbeat <duration>",
    description: "after so long without a line, one that we are still there (default: 1m in CI)",
    parse: parseDuration,
  },
  { flags: "--junit <file>", description: "write a JUnit report, a case for each node" },
];

/** The option that `run` and `resume` share. */
export const watchOption = {
  flags: "-w, --watch",
  description: "follow the run to its end and exit with its result",
};

/**
 * Checks what is asked of following before anything is sent to the server.
 *
 * @throws {UsageError}
 */
export function checkFollow(options: FollowOptions & { watch?: boolean }, session: Session): void {
  if (options.watch !== true) {
    const given = followOptions.find(({ flags }) => isGiven(options, flags));
    if (given === undefined) return;
    throw new UsageError(`${given.flags.split(" ")[0]} is about following the run: it goes with --watch`);
  }
  approvalDecider(options, "", session);
  if (options.junit !== undefined) junitFile(options.junit, session.context);
}

function isGiven(options: object, flags: string): boolean {
  const [, no, name = ""] = /^--(no-)?([\w-]+)/.exec(flags) ?? [];
  const field = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const value = (options as Record<string, unknown>)[field];
  return no === undefined ? value !== undefined : value === false;
}

const resumeReasons: Record<ResumeReason, string> = {
  decision: "which the decision needs",
  timer: "whose timer is due",
  quota: "whose quota should be full again",
  event: "to see whether its signal has come",
};

/**
 * Follows a run to its end, with its gates decided as the options say, and tells on stderr of what it does beside: the
 * connection made anew, decisions, resumes.
 */
export function followRun(
  session: Session,
  runId: string,
  options: FollowOptions,
  args: { afterSeq?: number | undefined; workflowPath?: string; signal?: AbortSignal } = {},
): FollowOutcome {
  const run = driveFollowedRun(session, runId, options, args);
  const times = session.ci === "github" ? new RunTimes() : undefined;
  return {
    kind: "follow",
    runId,
    view: () => run.view,
    ci: session.ci,
    heartbeatMs: options.heartbeat ?? (session.ci === "none" ? undefined : ciHeartbeatMs),
    reporters: [
      ...(times === undefined ? [] : [githubReports(session, times)]),
      ...(options.junit === undefined ? [] : [junitReport(junitFile(options.junit, session.context))]),
    ],
    newestFrame: async (id, signal) =>
      (
        await session.client.getFrames<Frame>({
          runId: id,
          tail: 1,
          signal: AbortSignal.any([session.signal, signal]),
        })
      )[0],
    serverNow: session.serverNow,
    onAbort: () => cancelOrDetach(runId, options, session),
    records: times === undefined ? run : collectTimes(run, times),
  };
}

/** The records as they come, with the times of their events taken down. */
async function* collectTimes(
  records: AsyncGenerator<EventRecord[], Run, undefined>,
  times: RunTimes,
): AsyncGenerator<EventRecord[], Run, undefined> {
  try {
    for (;;) {
      const { done, value } = await records.next();
      if (done) return value;
      for (const { event } of value) times.add(event);
      yield value;
    }
  } finally {
    await records.return(undefined as never);
  }
}

function driveFollowedRun(
  session: Session,
  runId: string,
  options: FollowOptions,
  args: { afterSeq?: number | undefined; workflowPath?: string; signal?: AbortSignal },
): RunStream<EventRecord[]> {
  const { policy, decide } = approvalDecider(options, runId, session);
  return session.client.driveRecords({
    runId,
    ...args,
    onApproval: decide,
    // A person decides when there is something to look at; a rule needs no more than the gate's name.
    askWhen: policy === "approve" || policy === "deny" ? "announced" : "reached",
    stopAtApproval: policy === "exit",
    resume: options.resume,
    decidedBy: options.by,
    onDecided: (gate, decision) =>
      session.note(`${decision === "approve" ? "approved" : "denied"} ${approvalLabel(gate)}`),
    onBlocked: (id, blocked) => {
      const what = waitingFor(id, blocked, session);
      if (what !== undefined) session.note(what);
    },
    onResumed: (_, reason) => session.note(`resumed the run, ${resumeReasons[reason]}`),
    onResumeFailed: (id, error) => session.note(manualResumeHint(id, error, session)),
    onReconnect: ({ position, attempt, delayMs, cause }) => {
      // A server that closes an idle stream in good order is no news, unless it does nothing else.
      if (cause === undefined && attempt < 3) return;
      const why = cause instanceof Error ? escapeControls(cause.message) : "the server closed the stream";
      const after = position === -1 ? "" : `, going on after event ${position}`;
      session.note(`reconnecting in ${formatDuration(delayMs)}${after}: ${why}`);
    },
    onContinued: ({ runId: old, newRunId }) =>
      session.note(`run ${escapeControls(old)} goes on as run ${escapeControls(newRunId)}; following that`),
  });
}
