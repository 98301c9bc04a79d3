import { HttpError } from "../errors/http-error.js";
import { isAnswerLost, isOutage } from "../http/retry.js";
import type { Decision } from "../server/server-api.js";
import { isWaitingStatus } from "../view/run-status.js";
import { nodeKey, type ApprovalView, type RunView } from "../view/run-view.js";
import { approvalKey, includesApproval, checkUntilProven, type DrivenRun } from "./driven-run.js";

/** What `onApproval` answers: a decision, or `wait` to leave the approval to someone else. */
export type ApprovalDecision =
  | Decision
  | "wait"
  | {
      decision: Decision;
      note?: string | undefined;
      /** The chosen option; see {@link DecideArgs}. */
      selected?: string | undefined;
      /** The options from best to worst; see {@link DecideArgs}. */
      ranked?: readonly string[] | undefined;
    };

/** What `onApproval` receives in addition to the approval. */
export interface ApprovalContext {
  /** The current view of the run. */
  view: RunView;
  /** Aborted when no answer is needed anymore: someone else decided, or the run ended. */
  signal: AbortSignal;
}

/** How approvals are decided. */
export interface ApprovalRules {
  onApproval: (
    approval: ApprovalView,
    context: ApprovalContext,
  ) => ApprovalDecision | Promise<ApprovalDecision>;
  askWhen: "announced" | "reached";
  onDecided?: ((approval: ApprovalView, decision: Decision) => void) | undefined;
  /** Called for each approval that is left to someone else. */
  onLeft?: ((approval: ApprovalView) => void) | undefined;
}

/** The pause after a failed decision, before checking whether it took effect. In ms. */
const failurePauseMs = 2000;

/**
 * Decides a run's approvals: calls `onApproval` once for each open approval and sends its answer. Does neither unless
 * the view is proven to be current: in a half-read history, an approval that was decided long ago still looks open.
 *
 * Runs until it fails or `signal` is aborted.
 */
export async function decideApprovals(
  run: DrivenRun,
  rules: ApprovalRules,
  signal: AbortSignal,
): Promise<never> {
  /** The approvals that `onApproval` was called for, each with the controller that aborts the call's signal. */
  const asked = new Map<string, AbortController>();
  const unasked = (view: RunView) =>
    view.openApprovals.filter(
      (approval) =>
        !asked.has(approvalKey(approval)) && (rules.askWhen === "announced" || isReached(approval, view)),
    );

  async function askAboutNew(reportFailure: (error: unknown) => void): Promise<never> {
    for (;;) {
      const change = run.changed();
      const check = await checkUntilProven(run, () => unasked(run.view).length > 0, signal);
      for (const approval of check === undefined ? [] : unasked(check.view)) {
        const question = new AbortController();
        asked.set(approvalKey(approval), question);
        decideApproval(run, approval, rules, question.signal).catch((error: unknown) => {
          if (!question.signal.aborted) reportFailure(error);
        });
      }
      await change;
      signal.throwIfAborted();
    }
  }

  async function closeDecided(): Promise<never> {
    for (;;) {
      await run.changed();
      for (const [key, question] of asked) {
        const isOpen = run.view.openApprovals.some((approval) => approvalKey(approval) === key);
        if (!isOpen) question.abort(new Error("the approval has been decided"));
      }
    }
  }

  try {
    return await new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      askAboutNew(reject).catch(reject);
      void closeDecided();
    });
  } finally {
    for (const question of asked.values())
      question.abort(signal.reason ?? new Error("the run is no longer followed"));
  }
}

/** Whether the run has reached the approval: 0.5.0 announces one before the nodes in front of it have run. */
function isReached(approval: ApprovalView, view: RunView): boolean {
  return approval.request !== null || isWaitingStatus(view.status);
}

async function decideApproval(
  run: DrivenRun,
  approval: ApprovalView,
  rules: ApprovalRules,
  signal: AbortSignal,
): Promise<void> {
  const answer = await rules.onApproval(approval, { view: run.view, signal });
  signal.throwIfAborted();
  const { decision, ...more } = typeof answer === "object" ? answer : { decision: answer };
  if (decision === "wait") return rules.onLeft?.(approval);
  let previous: unknown;
  for (;;) {
    const check = await checkUntilProven(run, () => true, signal);
    if (check !== undefined && !includesApproval(check.view.openApprovals, approval)) {
      // The decision took effect; only its answer was lost.
      if (isAnswerLost(previous) && isDecidedAs(decision, approval, check.view)) {
        rules.onDecided?.(approval, decision);
      }
      return;
    }
    try {
      await run.decide(approval, decision, more);
      rules.onDecided?.(approval, decision);
      return;
    } catch (error) {
      // An outage passes. A refusal may only mean that someone else decided first; the events will show that.
      if (isRefusal(error) ? isRefusal(previous) : !isOutage(error) && !isAnswerLost(error)) throw error;
      previous = error;
      await run.clock.sleep(failurePauseMs, signal);
    }
  }
}

/** Whether the server itself refused. 0.32 refuses with a 500. */
function isRefusal(error: unknown): boolean {
  return error instanceof HttpError && (error.status === 500 || !isOutage(error));
}

function isDecidedAs(decision: Decision, { nodeId, iteration }: ApprovalView, view: RunView): boolean {
  const approval = view.nodes.get(nodeKey(nodeId, iteration))?.approval;
  return approval?.decision === (decision === "approve" ? "approved" : "denied");
}
