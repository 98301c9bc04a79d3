import { linkAbort } from "../http/linked-abort.js";
import { isOutage } from "../http/retry.js";
import type { BlockedRun } from "../results.js";
import { isWaitingStatus } from "../view/run-status.js";
import type { ApprovalView, RunView } from "../view/run-view.js";
import { approvalKey, lookUntilProven, type DrivenRun } from "./driven-run.js";

/** What a resume is for; for `event`, to find out whether the signal has come. */
export type ResumeReason = "decision" | "timer" | "quota" | "event";

/** What to resume, and what to call then. */
export interface ResumeRules {
  /** `own`: only what a decision of this process needs. `all`: also what others decided, timers, quotas and signals. */
  which: "own" | "all";
  onBlocked?: ((runId: string, blocked: BlockedRun) => void) | undefined;
  onResumed?: ((runId: string, reason: ResumeReason) => void) | undefined;
}

/**
 * How long the one who decided has to send the resume, in ms: two followers must not start two engines on a run. Jitter
 * keeps those who wait apart.
 */
const graceMs = 2000;
/** The pause after a resume that failed, in ms. */
const failurePauseMs = 2000;
/** The pause before a run that waits for a signal is resumed; it is doubled each time that the signal had not come. In ms. */
const signalPause = { firstMs: 5000, maxMs: 300_000 };

/**
 * Resumes a run that only waits for that: after a decision, when a timer is due or a quota is full again, and now and
 * then while it waits for a signal, since nothing on the server shows that one has come. A run that a person paused, and
 * one whose engine died, are left alone.
 *
 * Runs until it fails or `signal` is aborted.
 */
export async function resumeRun(run: DrivenRun, rules: ResumeRules, signal: AbortSignal): Promise<never> {
  const resumed = new Set<string>();
  const wait = new ExternalWait();
  /** The decisions that nothing will apply without a resume that has not been sent. */
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
      if (!decisions.some((decision) => run.isOwn(decision)))
        await run.clock.sleep(run.clock.jitter(graceMs), signal);
      // Somebody may have resumed the run meanwhile, or the decision was of a past that is half read.
      const look = await lookUntilProven(run, () => unapplied(run.view).length > 0, signal);
      const needed = look === undefined ? [] : unapplied(look.view);
      if (look === undefined || needed.length === 0 || !isWaitingStatus(look.run.status)) continue;
      if (!(await tryResume(run, "decision", rules, signal))) continue;
      for (const decision of needed) resumed.add(approvalKey(decision));
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

/** Something that a run waits for that is not an approval, and how often it was resumed for that. */
class ExternalWait {
  key = "";
  signalPauseMs = signalPause.firstMs;
}

/** Resumes the run when what it waits for is due, unless the run changes before. */
async function waitForExternal(
  run: DrivenRun,
  rules: ResumeRules,
  wait: ExternalWait,
  change: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const due = await findDue(run, rules, wait, signal);
  if (due === undefined) return change;
  const { controller: stop, unlink } = linkAbort(signal);
  const sleep = run.clock.sleep(due.inMs, stop.signal).then(() => true);
  sleep.catch(() => {});
  const isDue = await Promise.race([sleep, change]).finally(unlink);
  stop.abort();
  signal.throwIfAborted();
  if (isDue !== true) return;
  // Somebody may have resumed it, cancelled it or paused it meanwhile.
  const status = await run.getStatus().catch((error: unknown) => {
    if (isOutage(error)) return undefined;
    throw error;
  });
  if (status === undefined) return run.clock.sleep(failurePauseMs, signal);
  if (!isWaitingStatus(status.status) || status.status === "waiting-approval") return change;
  if (!(await tryResume(run, due.reason, rules, signal))) return;
  if (due.reason === "event") wait.signalPauseMs = Math.min(2 * wait.signalPauseMs, signalPause.maxMs);
  return change;
}

/** Asks what the run waits for, and when that is due; undefined if that is not known. */
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
  const key = `${run.view.runId} ${blocked.kind} ${String(fields["nodeId"])}`;
  if (wait.key !== key) {
    wait.key = key;
    wait.signalPauseMs = signalPause.firstMs;
    rules.onBlocked?.(run.view.runId, blocked);
  }
  const serverNow = Date.parse(String(state?.computedAt)) || Date.now();
  // A server that resumes by itself comes first.
  const at = (time: number, reason: ResumeReason) =>
    Number.isFinite(time)
      ? { inMs: Math.max(0, time - serverNow) + run.clock.jitter(graceMs), reason }
      : undefined;
  if (blocked.kind === "timer") return at(Date.parse(String(fields["wakeAt"])), "timer");
  if (blocked.kind === "quota") return at(Number(fields["resetAtMs"]), "quota");
  if (blocked.kind === "event") return { inMs: run.clock.jitter(wait.signalPauseMs), reason: "event" };
  return undefined;
}

/** Sends a resume; false if the server could not be reached. */
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
    if (!isOutage(error)) throw error;
    await run.clock.sleep(failurePauseMs, signal);
    return false;
  }
}
