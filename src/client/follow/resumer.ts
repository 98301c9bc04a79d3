import { HttpError, ownHttpCodes } from "../errors/http-error.js";
import { linkAbort } from "../http/linked-abort.js";
import { isOutage } from "../http/retry.js";
import type { BlockedRun, Run } from "../results.js";
import { isWaitingStatus } from "../view/run-status.js";
import type { ApprovalView, RunView } from "../view/run-view.js";
import { approvalKey, includesApproval, checkUntilProven, type DrivenRun } from "./driven-run.js";

/** Why a resume is sent. `event`: to find out whether the signal has arrived. */
export type ResumeReason = "decision" | "timer" | "quota" | "event";

/** Which runs to resume, and what to call then. */
export interface ResumeRules {
  /**
   * `own`: only resume after a decision of this process. `all`: also after others' decisions, and for timers, quotas
   * and signals.
   */
  which: "own" | "all";
  onBlocked?: ((runId: string, blocked: BlockedRun) => void) | undefined;
  onResumed?: ((runId: string, reason: ResumeReason) => void) | undefined;
}

/**
 * How long the process that decided has to send the resume, in ms: two followers must not start two engines for one
 * run. Jitter keeps waiting followers apart.
 */
const graceMs = 2000;
/** How long a server that resumes runs by itself may take, in ms. It checks for due timers every 15 s. */
const ownResumeMs = { decision: 2000, timer: 20_000 };
/** If a decision is still not applied this long after a resume, someone needs to look at the server. In ms. */
const stuckMs = 5000;
/** What blocks a run between a decision and the resume. */
const decided = "approval-decided-resume-required";
/** The pause after a failed resume or status request, in ms. */
const failurePauseMs = 2000;
/** The pause before resuming a run that waits for a signal, doubled each time the signal had not arrived. In ms. */
const signalPause = { firstMs: 5000, maxMs: 300_000 };

/**
 * Resumes a run when a resume is all it waits for: after a decision, when a timer is due, when a quota is available
 * again, and from time to time while it waits for a signal, because nothing on the server shows that one has arrived. A
 * run that a user paused, or whose engine died, is left alone.
 *
 * Runs until it fails or `signal` is aborted.
 */
export async function resumeRun(run: DrivenRun, rules: ResumeRules, signal: AbortSignal): Promise<never> {
  const resumed = new Set<string>();
  const wait = new ExternalWait();
  /** Returns the decisions that only take effect after a resume, and for which none was sent yet. */
  const unapplied = (view: RunView): ApprovalView[] =>
    isWaitingStatus(view.status)
      ? view.unappliedDecisions.filter(
          (decision) => !resumed.has(approvalKey(decision)) && (rules.which === "all" || run.isOwn(decision)),
        )
      : [];

  for (;;) {
    const change = run.changed();
    signal.throwIfAborted();
    const decisions = unapplied(run.view);
    if (decisions.length > 0) {
      const resumesByItself = await run.resumesByItself();
      if (resumesByItself) await run.clock.sleep(ownResumeMs.decision, signal);
      else if (!decisions.some((decision) => run.isOwn(decision)))
        await run.clock.sleep(run.clock.jitter(graceMs), signal);
      // The run may have been resumed in the meantime, or the decision may come from a half-read history.
      const check = await checkUntilProven(run, () => unapplied(run.view).length > 0, signal);
      const needed = check === undefined ? [] : unapplied(check.view);
      if (check === undefined || needed.length === 0 || !isWaitingStatus(check.run.status)) continue;
      if (!(await tryResume(run, "decision", rules, signal))) continue;
      for (const decision of needed) resumed.add(approvalKey(decision));
      if (resumesByItself) await reportIfStuck(run, rules, wait, needed, signal);
      continue;
    }
    const isBlocked = isWaitingStatus(run.view.status) && run.view.status !== "waiting-approval";
    if (rules.which === "own" || !isBlocked) {
      await change;
      continue;
    }
    await waitForExternal(run, rules, wait, change, signal);
  }
}

/** What a run waits for other than an approval, and how long to wait before the next resume. */
class ExternalWait {
  signalPauseMs = signalPause.firstMs;
  #key = "";

  /** Reports what the run waits for, once. */
  report({ view }: DrivenRun, { onBlocked }: ResumeRules, blocked: BlockedRun): void {
    const key = `${view.runId} ${blocked.kind} ${String((blocked as Record<string, unknown>)["nodeId"])}`;
    if (this.#key === key) return;
    this.#key = key;
    this.signalPauseMs = signalPause.firstMs;
    onBlocked?.(view.runId, blocked);
  }
}

/** Reports a run that was decided and resumed but does not continue. The server does not say why. */
async function reportIfStuck(
  run: DrivenRun,
  rules: ResumeRules,
  wait: ExternalWait,
  decisions: readonly ApprovalView[],
  signal: AbortSignal,
): Promise<void> {
  const endsAt = run.clock.now() + stuckMs;
  const isUnapplied = () =>
    decisions.some((decision) => includesApproval(run.view.unappliedDecisions, decision));
  while (isUnapplied()) {
    const leftMs = endsAt - run.clock.now();
    if (leftMs > 0) {
      await sleepUnlessChanged(run, leftMs, run.changed(), signal);
      continue;
    }
    const blocked = (await statusOrOutage(run))?.runState?.blocked;
    signal.throwIfAborted();
    if (blocked?.kind === decided) wait.report(run, rules, blocked);
    return;
  }
}

/** Waits for `ms` or until the run changes. Returns true if the time has passed. */
async function sleepUnlessChanged(
  run: DrivenRun,
  ms: number,
  change: Promise<void>,
  signal: AbortSignal,
): Promise<boolean> {
  const { controller: stop, unlink } = linkAbort(signal);
  const sleep = run.clock.sleep(ms, stop.signal).then(() => true);
  sleep.catch(() => {});
  const hasPassed = await Promise.race([sleep, change]).finally(unlink);
  stop.abort();
  signal.throwIfAborted();
  return hasPassed === true;
}

async function statusOrOutage(run: DrivenRun): Promise<Run | undefined> {
  return run.getStatus().catch((error: unknown) => {
    if (isOutage(error)) return undefined;
    throw error;
  });
}

/** Resumes the run when what it waits for is due, unless the run changes first. */
async function waitForExternal(
  run: DrivenRun,
  rules: ResumeRules,
  wait: ExternalWait,
  change: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const due = await findDue(run, rules, wait, signal);
  if (due === undefined) return change;
  if (!(await sleepUnlessChanged(run, due.inMs, change, signal))) return;
  // The run may have been resumed, canceled or paused in the meantime.
  const status = await statusOrOutage(run);
  if (status === undefined) return run.clock.sleep(failurePauseMs, signal);
  if (!isWaitingStatus(status.status) || status.status === "waiting-approval") return change;
  if (!(await tryResume(run, due.reason, rules, signal))) return;
  if (due.reason === "event") wait.signalPauseMs = Math.min(2 * wait.signalPauseMs, signalPause.maxMs);
  return change;
}

/** Asks what the run waits for and when that is due. Returns `undefined` if that is unknown. */
async function findDue(
  run: DrivenRun,
  rules: ResumeRules,
  wait: ExternalWait,
  signal: AbortSignal,
): Promise<{ inMs: number; reason: ResumeReason } | undefined> {
  let state;
  try {
    state = (await run.getStatus()).runState;
  } catch (error) {
    signal.throwIfAborted();
    if (!isOutage(error)) throw error;
    await run.clock.sleep(failurePauseMs, signal);
    return findDue(run, rules, wait, signal);
  }
  const blocked = state?.blocked;
  if (blocked === undefined) return undefined;
  const fields = blocked as Record<string, unknown>;
  const resumesByItself = await run.resumesByItself();
  // A server that resumes by itself is about to do so; if it does not, that is reported later.
  if (!resumesByItself || blocked.kind !== decided) wait.report(run, rules, blocked);
  const serverNow = Date.parse(String(state?.computedAt)) || Date.now();
  // Let a server that resumes by itself go first.
  const afterMs = resumesByItself ? ownResumeMs.timer : run.clock.jitter(graceMs);
  const at = (time: number, reason: ResumeReason) =>
    Number.isFinite(time) ? { inMs: Math.max(0, time - serverNow) + afterMs, reason } : undefined;
  if (blocked.kind === "timer") return at(Date.parse(String(fields["wakeAt"])), "timer");
  if (blocked.kind === "quota") return at(Number(fields["resetAtMs"]), "quota");
  if (blocked.kind === "event") return { inMs: run.clock.jitter(wait.signalPauseMs), reason: "event" };
  return undefined;
}

/** Sends a resume. Returns false if the server could not be reached. */
async function tryResume(
  run: DrivenRun,
  reason: ResumeReason,
  rules: ResumeRules,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    if (await run.resume()) rules.onResumed?.(run.view.runId, reason);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    // The run has continued without this resume and has already ended.
    if (error instanceof HttpError && error.code === ownHttpCodes.runEnded) return true;
    if (!isOutage(error)) throw error;
    await run.clock.sleep(failurePauseMs, signal);
    return false;
  }
}
