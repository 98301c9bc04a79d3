import type {
  EventRecord,
  Frame,
  Reconnect,
  ResumeReason,
  RunStream,
  ServerTraits,
} from "../../client/index.js";
import type { OptionSpec } from "../args/option.js";
import { parseCount } from "../args/parse-count.js";
import { ciOption } from "../ci/index.js";
import { junitFile, junitReport } from "../ci/junit-report.js";
import type { Reporter } from "../ci/reporter.js";
import type { FollowedRun, FollowOutcome, Session } from "../command.js";
import { approvalLabel } from "../describe/approval-label.js";
import type { ApprovalDesk } from "../live/approval-desk.js";
import { formatDuration, parseDuration } from "../describe/duration.js";
import type { RunLabel } from "../describe/run-labels.js";
import { waitNote } from "../describe/blockers.js";
import { Loops, type FetchFrame } from "../tree/loops.js";
import { readTree } from "../tree/read-tree.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { UsageError } from "../usage-error.js";
import { approvalDecider, approvalOptions, type ApprovalOptions } from "./approval-policy.js";
import { cancelOrDetach } from "./cancel-or-detach.js";
import { manualResumeHint } from "./manual-resume-hint.js";

/** The options of every command that follows a run. */
export interface FollowOptions extends ApprovalOptions {
  cancelOnTimeout?: boolean;
  cancelOnInterrupt?: boolean;
  ci?: string;
  heartbeat?: number;
  junit?: string;
  logs?: boolean;
  by?: string | undefined;
}

/** For commands that start or resume a run. Also used for resumes while the run is followed. */
export interface ConcurrencyOptions {
  maxConcurrency?: number;
}

export const concurrencyOption: OptionSpec = {
  flags: "--max-concurrency <n>",
  description: "how many nodes may execute at the same time (default: the server's, 4)",
  parse: parseCount(1),
};

/** Names the person who decides an approval or sends a signal. */
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
    description: "print a 'still running' line after this long without output (default: 1m in CI)",
    parse: parseDuration,
  },
  { flags: "--logs", description: "show each line that the nodes print" },
  { flags: "--junit <file>", description: "write a JUnit report with a test case for each node" },
];

/** The option that `run` and `resume` share. */
export const watchOption = {
  flags: "-w, --watch",
  description: "follow the run to its end and exit with its result",
};

/**
 * Checks the options about following a run, before anything is sent to the server.
 *
 * @throws {UsageError}
 */
export function checkFollow(options: FollowOptions & { watch?: boolean }, session: Session): void {
  if (options.watch !== true) {
    const given = followOptions.find(({ flags }) => isGiven(options, flags));
    if (given === undefined) return;
    throw new UsageError(`${given.flags.split(" ")[0]} can only be used with --watch`);
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

/** Where to start following a run, and what is already known about it. */
export interface FollowArgs {
  /** Show only what comes after the event with this number. Default: -1, which shows everything. */
  afterSeq?: number | undefined;
  workflowPath?: string | undefined;
  maxConcurrency?: number | undefined;
  signal?: AbortSignal;
  label?: () => RunLabel;
  workflowName?: string | undefined;
  desk?: ApprovalDesk | undefined;
}

/**
 * Follows a run to its end and decides its approvals according to the options. Notes reconnects, decisions and resumes
 * on stderr.
 */
export function followRun(
  session: Session,
  runId: string,
  options: FollowOptions,
  args: FollowArgs = {},
): FollowOutcome {
  const { run, records } = openFollowedRun(session, runId, options, args);
  return {
    kind: "follow",
    runs: [run],
    isGroup: false,
    desk: undefined,
    updates: updatesOf(run, records),
    heartbeatMs: heartbeatMs(options, session),
    showsOutput: options.logs === true,
    serverNow: session.serverNow,
    rewatch: () => ["watch", run.view().runId],
    onAbort: () => cancelOrDetach(run.view().runId, options, session),
  };
}

export function heartbeatMs({ heartbeat }: FollowOptions, { ci }: Session): number | undefined {
  return heartbeat ?? ci.heartbeatMs;
}

async function* updatesOf(run: FollowedRun, records: RunStream<EventRecord[]>): FollowOutcome["updates"] {
  for await (const each of records) {
    for (const { observe } of run.reporters) observe?.(each.map(({ event }) => event));
    yield { run, records: each };
  }
  run.ended = await records.ended;
}

/** Starts to follow a run. Reads nothing until the caller iterates over the records. */
export function openFollowedRun(
  session: Session,
  runId: string,
  options: FollowOptions,
  { label, workflowName, ...args }: FollowArgs = {},
): { run: FollowedRun; records: RunStream<EventRecord[]> } {
  const fetchFrame: FetchFrame = async (id, signal) => {
    const both = AbortSignal.any([session.signal, signal]);
    return (await session.client.getFrames<Frame>({ runId: id, tail: 1, signal: both }))[0];
  };
  const loops = new Loops(fetchFrame);
  const records = driveFollowedRun(session, runId, options, args, loops);
  const run: FollowedRun = {
    runId,
    get label() {
      return label?.();
    },
    workflowName,
    ended: undefined,
    lost: undefined,
    view: () => records.view,
    fetchFrame,
    loops,
    // A report covers a single run.
    reporters: label === undefined ? reportersOf(options, session) : [],
  };
  return { run, records };
}

function reportersOf({ junit }: FollowOptions, session: Session): readonly Reporter[] {
  const { context, annotate, commandLine, serverNow, cleanupClient: client, ci } = session;
  const ofCi = ci.reporters({
    env: context.env,
    annotate,
    commandLine,
    serverNow,
    readTree: (runId) => readTree(runId, { client }),
  });
  return junit === undefined ? ofCi : [...ofCi, junitReport(junitFile(junit, context))];
}

const resumeReasons: Record<ResumeReason, string> = {
  decision: "which the decision needs",
  timer: "whose timer is due",
  quota: "whose quota should be full again",
  event: "to see whether its signal has come",
};

function driveFollowedRun(
  session: Session,
  runId: string,
  options: FollowOptions,
  { desk, ...args }: Omit<FollowArgs, "label" | "workflowName">,
  loops: Loops,
): RunStream<EventRecord[]> {
  const { policy, decide } = approvalDecider(options, runId, session, loops, desk);
  return session.client.driveRecords({
    runId,
    ...args,
    onApproval: decide,
    // A person decides when there is something to look at; a rule needs only the approval's name.
    askWhen: policy === "approve" || policy === "deny" ? "announced" : "reached",
    stopAtApproval: policy === "exit",
    resume: options.resume,
    decidedBy: options.by,
    onDecided: (approval, decision) =>
      session.note(`${decision === "approve" ? "approved" : "denied"} ${approvalLabel(approval, loops)}`),
    onBlocked: (id, blocked) => {
      const say = ({ resumesByItself }: ServerTraits) => {
        const what = waitNote(id, blocked, session, resumesByItself);
        if (what !== undefined) session.note(what);
      };
      session.client.getServerTraits().then(say, () => {});
    },
    onResumed: (_, reason) => session.note(`resumed the run, ${resumeReasons[reason]}`),
    onResumeFailed: (id, error) => session.note(manualResumeHint(id, error, session)),
    onReconnect: noteReconnect(session),
    onContinued: ({ runId: old, newRunId }) => session.note(continuedNote(old, newRunId)),
  });
}

/** Notes each reconnect that a person should know about. */
export function noteReconnect({ note }: Session): (reconnect: Reconnect) => void {
  return ({ position, attempt, delayMs, cause }) => {
    // A server may close an idle stream cleanly. That is worth a note only if it keeps doing so.
    if (cause === undefined && attempt < 3) return;
    const why = cause instanceof Error ? escapeControls(cause.message) : "the server closed the stream";
    const after = position === -1 ? "" : `, continuing after event ${position}`;
    note(`reconnecting in ${formatDuration(delayMs)}${after}: ${why}`);
  };
}

/** Returns the note for a run that continues as a new one, which is followed from then on. */
export function continuedNote(runId: string, newRunId: string): string {
  return `run ${escapeControls(runId)} continues as run ${escapeControls(newRunId)}; following that`;
}
