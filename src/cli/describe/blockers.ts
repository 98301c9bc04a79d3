import { isTerminalStatus, type BlockedRun, type Run, type RunView } from "../../client/index.js";
import type { Session } from "../command.js";
import { formatDuration, formatRunningTime, formatTime } from "./duration.js";
import { blamedNodes } from "./failed-nodes.js";
import { approvalLabel, approveWords, noLoops, type LoopNodes } from "./approval-label.js";
import {
  afterFailureOnGateway,
  decidedOnGateway,
  stuckNote,
  timerOnGateway,
  type Blocker,
  type Command,
} from "./gateway-blockers.js";
import { waitingSince } from "./waiting-since.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** An executing run counts as silent after this long without an event. In ms. */
export const silentMs = 60_000;

/** What is known besides the run's status and its events. */
export interface BlockerFacts {
  /** In milliseconds since 1970, by the server's clock. */
  now: number;
  /** Whether the server continues runs by itself, as a gateway does. */
  resumesByItself: boolean;
  /** The workflow's path on the server, if known. Used for a run that failed. */
  workflowPath?: string | undefined;
  loops?: LoopNodes;
}

/** Returns why a run makes no progress, judging by its status and events; empty if it does, or if it has finished. */
export function findBlockers(
  status: Run,
  view: RunView,
  { now, resumesByItself, workflowPath, loops = noLoops }: BlockerFacts,
): Blocker[] {
  const { runId, runState } = status;
  const resume: Command = ["resume --watch", runId];
  if (status.status === "continued") {
    const { continuedAs } = view;
    if (continuedAs === null) return [];
    return [{ what: `it continues as run ${escapeControls(continuedAs)}`, command: ["status", continuedAs] }];
  }
  if (status.status === "failed") {
    return [
      resumesByItself
        ? afterFailureOnGateway(status, view, loops)
        : afterFailure(status, view, workflowPath, loops),
    ];
  }
  if (isTerminalStatus(status.status)) return [];

  const blockers: Blocker[] = [];
  for (const approval of view.openApprovals) {
    const since = waitingSince(approval, view);
    if (since === undefined) continue;
    blockers.push({
      what: `${approvalLabel(approval, loops)} has been waiting for approval for ${formatRunningTime(now - since)}`,
      command: [approveWords(approval, loops), runId, approval.nodeId],
    });
  }
  if (status.status === "running") return [...blockers, ...silence(status, view, now, resume)];

  const { unappliedDecisions } = view;
  const decided = unappliedDecisions.map(
    (approval) => `${approvalLabel(approval, loops)} has been ${approval.decision}`,
  );
  const blocked = runState?.blocked;
  if (decided.length > 0 && resumesByItself) {
    blockers.push(decidedOnGateway(decided.join(", "), unappliedDecisions.at(-1)?.decidedAtMs ?? null, now));
  } else if (decided.length > 0) {
    blockers.push({
      what: `${decided.join(", ")}, but the run must be resumed to continue`,
      command: resume,
    });
  } else if (blocked !== undefined && blocked.kind !== "approval") {
    blockers.push(blockedBy(blocked, runId, now, resumesByItself));
  } else if (blockers.length === 0) {
    blockers.push({ what: `it has stopped: ${escapeControls(status.status)}`, command: resume });
  }
  return blockers;
}

/** Suggests what helps a failed run: a resume, unless the same node would make it fail again at once. */
function afterFailure(
  { runId, runState }: Run,
  view: RunView,
  workflowPath: string | undefined,
  loops: LoopNodes,
): Blocker {
  const blamed = blamedNodes(view);
  if (blamed.length === 0) {
    const what = "a resume keeps finished nodes and retries the rest; it helps if the cause is gone";
    return { what, command: ["resume --watch", runId] };
  }
  const command: Pick<Blocker, "command"> =
    workflowPath === undefined ? {} : { command: ["run --watch", workflowPath] };
  const names = blamed
    .slice(0, 3)
    .map((node) => approvalLabel(node, loops))
    .join(", ");
  const who = blamed.length > 3 ? `${names} and ${blamed.length - 3} more` : names;
  const isOne = blamed.length === 1;
  if (blamed.every(({ approval }) => approval?.decision === "denied")) {
    const what = `${who} ${isOne ? "was" : "were"} denied, so a resume would fail again; a new run asks again`;
    return { what, ...command };
  }
  // From 0.32 on, the server refuses to resume a run whose workflow file has changed.
  const other = runState === undefined ? "; a resume helps once the workflow allows more attempts" : "";
  const why = `${who} ${isOne ? "has" : "have"} no attempts left, so a resume would fail again`;
  return { what: `${why}; a new run with the same input starts over${other}`, ...command };
}

/** Reports a run that counts as executing but sends no events. */
function silence(
  { runState }: Run,
  { updatedAtMs, nodes }: RunView,
  now: number,
  resume: Command,
): Blocker[] {
  const quiet = updatedAtMs === null ? 0 : now - updatedAtMs;
  const heard = quiet < silentMs ? "" : `no event for ${formatRunningTime(quiet)}`;
  if (runState?.state === "orphaned" || runState?.state === "stale") {
    const engine = runState.state === "orphaned" ? "its engine is gone" : "its engine has not been heard of";
    return [{ what: [engine, heard].filter(Boolean).join(", "), command: resume }];
  }
  if (heard === "") return [];
  const busy = [...nodes.values()].some(({ state }) => state === "in-progress");
  // Before 0.32, the server cannot tell a busy engine from one that is gone.
  return runState === undefined
    ? [
        {
          what: `${heard}; if its engine ended with its server, a resume continues the run`,
          command: resume,
        },
      ]
    : busy
      ? []
      : [{ what: heard }];
}

function blockedBy(blocked: BlockedRun, runId: string, now: number, resumesByItself: boolean): Blocker {
  const fields: Record<string, unknown> = blocked;
  const node = typeof fields["nodeId"] === "string" ? escapeControls(fields["nodeId"]) : "it";
  const resume: Command = ["resume --watch", runId];
  /**
   * Suggests following the run before the due time, since a client that follows it resumes it then; after it, a resume.
   */
  const until = (what: string, past: string, at: number): Blocker =>
    at > now
      ? {
          what: `${what} until ${formatTime(at)}, in ${formatDuration(at - now)}; watching the run resumes it then`,
          command: ["watch", runId],
        }
      : { what: `${past} until ${formatTime(at)}; a resume continues the run`, command: resume };
  switch (blocked.kind) {
    case "approval-decided-resume-required":
      if (resumesByItself) return decidedOnGateway(`${node} has been decided`, null, now);
      return {
        what: `${node} has been decided, but the run must be resumed to continue`,
        command: resume,
      };
    case "event": {
      const { key, isSignalName } = signalKey(fields);
      const what = `${node} waits for the signal ${escapeControls(key)}`;
      return isSignalName ? { what, command: ["signal", runId, key] } : { what };
    }
    case "timer":
      if (resumesByItself) return timerOnGateway(node, Date.parse(String(blocked["wakeAt"])), now);
      return until(`${node} waits`, `${node} waited`, Date.parse(String(blocked["wakeAt"])));
    case "quota": {
      const what = "its agents' quota is used up";
      const { resetAtMs } = fields;
      if (typeof resetAtMs === "number") return until(what, "its agents' quota was used up", resetAtMs);
      return { what: `${what}, for an unknown time; a resume tries again`, command: resume };
    }
    default:
      return { what: `${node} is blocked: ${escapeControls(blocked.kind)}`, command: resume };
  }
}

/**
 * Returns a note for a user who follows a run that waits for something other than an approval, with the command that
 * ends the wait; `undefined` if the kind of wait is unknown or needs no note.
 */
export function waitNote(
  runId: string,
  blocked: BlockedRun,
  { commandLine }: Pick<Session, "commandLine">,
  resumesByItself: boolean,
): string | undefined {
  const fields: Record<string, unknown> = blocked;
  const node = escapeControls(String(fields["nodeId"]));
  const until = (time: unknown) => formatTime(new Date(time as number | string).getTime());
  switch (blocked.kind) {
    case "event": {
      const { key, isSignalName } = signalKey(fields);
      return isSignalName
        ? `${node} waits for a signal; to send it: ${commandLine("signal --data {}", runId, key)}`
        : `${node} waits for a signal (${escapeControls(key)})`;
    }
    case "approval-decided-resume-required":
      return resumesByItself ? stuckNote(node) : undefined;
    case "timer":
      return `${node} waits until ${until(fields["wakeAt"])}`;
    case "quota":
      return fields["resetAtMs"] === undefined
        ? `a quota is used up, for an unknown time; to try again: ${commandLine("resume", runId)}`
        : `a quota is used up until ${until(fields["resetAtMs"])}`;
    default:
      return undefined;
  }
}

/** Returns the key that a signal must match: the correlation id if the wait has one, otherwise the signal's name. */
function signalKey({ nodeId, correlationKey }: Record<string, unknown>): {
  key: string;
  isSignalName: boolean;
} {
  const key = typeof correlationKey === "string" ? correlationKey : "";
  return { key, isSignalName: key === nodeId };
}
