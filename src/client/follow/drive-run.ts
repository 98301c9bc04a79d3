import type { SmithersEvent } from "../events.js";
import { linkAbort } from "../http/linked-abort.js";
import { isOutage } from "../http/retry.js";
import { realClock } from "../http/wait.js";
import { checkedCount, resolveOptions } from "../options.js";
import type { RunArgs } from "../requests/call-server.js";
import { approve, deny } from "../requests/decisions.js";
import { findWorkflowPath, getServerTraits, getStatus } from "../requests/reads.js";
import { resume } from "../requests/runs.js";
import type { BlockedRun, Run } from "../results.js";
import type { Decision } from "../server/server-api.js";
import type { ApprovalView } from "../view/run-view.js";
import { decideApprovals, type ApprovalContext, type ApprovalDecision } from "./approval-decider.js";
import { approvalKey, type DrivenRun } from "./driven-run.js";
import type { EventRecord } from "./event-record.js";
import { isOwnDecision } from "./own-decisions.js";
import { Proof } from "./proof.js";
import { reachApproval } from "./reach-approval.js";
import { readRun, type RunReader } from "./read-run.js";
import { resumeRun } from "./resumer.js";
import { RunProgress } from "./run-progress.js";
import { eventsOf, RunStream } from "./run-stream.js";
import type { WatchRunArgs } from "./watch-run.js";

/** What {@link driveRun} takes. */
export interface DriveRunArgs extends WatchRunArgs {
  /**
   * Called once for each open approval. Events keep coming while it decides. Its answer is sent only if the approval is
   * proven to be still open. Default: approvals are left to others.
   */
  onApproval?:
    | ((approval: ApprovalView, context: ApprovalContext) => ApprovalDecision | Promise<ApprovalDecision>)
    | undefined;
  /**
   * When to call `onApproval`. `announced`: as soon as the server names the approval, which 0.5.0 does before the nodes
   * in front of it have run. `reached`: when the run has reached it. Default: `announced`.
   */
  askWhen?: "announced" | "reached" | undefined;
  /**
   * Stop once the run waits for an approval and nothing else can move it. The result is then the run's current status.
   * Default: false.
   */
  stopAtApproval?: boolean | undefined;
  /** Called after each decision that `onApproval` made. */
  onDecided?: ((approval: ApprovalView, decision: Decision) => void) | undefined;
  /** Called once for each thing other than an approval that the run waits for, such as a signal, a timer or a quota. */
  onBlocked?: ((runId: string, blocked: BlockedRun) => void) | undefined;
}

/**
 * Follows a run to its end, calls `onApproval` for each approval, and resumes the run whenever a resume is all it waits
 * for: after any decision, when a timer is due, and when a quota is available again. Nothing on the server shows that a
 * signal has arrived. While the run waits for one, it is resumed after up to 5 s, then 10 s, and so on, up to 5
 * minutes, so the sender of a signal should also send a resume. A run that a user paused, or whose engine died, is left
 * alone.
 *
 * A Smithers gateway resumes runs by itself. It gets 2 s to do so after a decision, and 20 s after a timer. Then a
 * resume is sent, which does no harm. If the decision is still not applied 5 s later, `onBlocked` receives
 * `approval-decided-resume-required`. The gateway's log has the reason, such as a changed workflow.
 *
 * @example
 * for await (const event of driveRun({ runId, onApproval: () => "approve" })) console.log(event.type);
 *
 * @throws what {@link watchRun}, `approve`, `deny` and `resume` throw, and what `onApproval` throws
 */
export function driveRun(args: DriveRunArgs): RunStream<SmithersEvent> {
  return eventsOf(driveRecords(args));
}

/**
 * Like {@link driveRun}, but yields each event with its number and the server's original text, one array per network
 * chunk.
 */
export function driveRecords({ afterSeq = -1, ...args }: DriveRunArgs): RunStream<EventRecord[]> {
  const progress = new RunProgress(args.runId);
  // A partial history is not enough to decide on, so read it from the start.
  return new RunStream(drive(readRun, args, progress, "all", afterSeq), () => progress.view);
}

/**
 * Reads a run while deciding its approvals and sending its resumes. Reading never waits for the other parts, which act
 * on what it reads.
 *
 * @param afterSeq events of the first run up to this number are read but not yielded
 */
export async function* drive<Result>(
  read: RunReader<Result>,
  args: DriveRunArgs,
  progress: RunProgress,
  resumes: "own" | "all",
  afterSeq = -1,
): AsyncGenerator<EventRecord[], Result | Run, undefined> {
  checkedCount("afterSeq", afterSeq, -1);
  const { controller: stop, unlink } = linkAbort(resolveOptions(args).signal);
  const { signal } = stop;
  const inner = { ...args, signal };
  const run = toDrivenRun(inner, progress);
  const { onApproval, onDecided, askWhen = "announced", onBlocked, onResumed } = args;

  const parts: Promise<Run>[] = [];
  const left = new Set<string>();
  if (onApproval !== undefined) {
    const onLeft = (approval: ApprovalView) => {
      left.add(approvalKey(approval));
      progress.update(progress.view);
    };
    parts.push(decideApprovals(run, { onApproval, askWhen, onDecided, onLeft }, signal));
  }
  if (args.resume !== false) {
    parts.push(resumeRun(run, { which: resumes, onBlocked, onResumed }, signal));
  }
  if (args.stopAtApproval === true) {
    const isLeft = (approval: ApprovalView) => onApproval === undefined || left.has(approvalKey(approval));
    parts.push(reachApproval(run, { resumes: args.resume !== false, isLeft }, signal));
  }
  // Do not use `Promise.race` with `parts` for each event: each race would add handlers to these long-lived promises.
  type Step = IteratorResult<EventRecord[], Result | Run>;
  let endStep: { resolve: (step: Step) => void; reject: (error: unknown) => void } | undefined;
  let stopped: { failed: boolean; value: unknown } | undefined;
  const endAt = (failed: boolean) => (value: unknown) => {
    stopped ??= { failed, value };
    if (failed) endStep?.reject(value);
    else endStep?.resolve({ done: true, value: value as Run });
  };
  for (const part of parts) part.then(endAt(false), endAt(true));

  const records = read(inner, progress);
  try {
    for (;;) {
      const step = await new Promise<Step>((resolve, reject) => {
        endStep = { resolve, reject };
        if (stopped !== undefined) endAt(stopped.failed)(stopped.value);
        else records.next().then(resolve, reject);
      });
      if (step.done) return step.value;
      const isFirstRun = progress.view.runId === args.runId;
      const shown = isFirstRun ? step.value.filter(({ seq }) => seq > afterSeq) : step.value;
      if (shown.length > 0) yield shown;
    }
  } finally {
    unlink();
    stop.abort();
    await records.return(undefined as never).catch(() => {});
  }
}

function toDrivenRun(args: DriveRunArgs, progress: RunProgress): DrivenRun {
  const { baseUrl } = resolveOptions(args);
  const proof = new Proof(args, progress);
  /** Returns the arguments for a call about the run that is currently followed. */
  const callArgs = (): RunArgs => {
    const { apiKey, signal, timeoutMs, retries, fetch } = args;
    return { runId: progress.view.runId, baseUrl, apiKey, signal, timeoutMs, retries, fetch };
  };
  return {
    clock: realClock,
    get view() {
      return progress.view;
    },
    changed: () => progress.changed(),
    check: () => proof.check(),
    getStatus: () => getStatus(callArgs()),
    async decide({ nodeId, iteration }, decision, more) {
      const decideArgs = { ...callArgs(), nodeId, iteration, ...more, decidedBy: args.decidedBy };
      await (decision === "approve" ? approve(decideArgs) : deny(decideArgs));
    },
    async resume() {
      const { resumeNeedsWorkflow } = await getServerTraits(callArgs());
      const workflowPath =
        args.workflowPath ?? (resumeNeedsWorkflow ? await findPathOrReport(callArgs(), args) : undefined);
      if (resumeNeedsWorkflow && workflowPath === undefined) return false;
      await resume({ ...callArgs(), workflowPath, maxConcurrency: args.maxConcurrency });
      return true;
    },
    resumesByItself: async () => (await getServerTraits(callArgs())).resumesByItself,
    isOwn: (approval) => isOwnDecision(baseUrl, progress.view.runId, approval),
  };
}

async function findPathOrReport(callArgs: RunArgs, args: DriveRunArgs): Promise<string | undefined> {
  try {
    return await findWorkflowPath(callArgs);
  } catch (error) {
    if (args.onResumeFailed === undefined || isOutage(error)) throw error;
    args.onResumeFailed(callArgs.runId, error);
    return undefined;
  }
}
