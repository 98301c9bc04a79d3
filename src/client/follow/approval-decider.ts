import { HttpError } from "../errors/http-error.js";
import { isAnswerLost, isOutage } from "../http/retry.js";
import type { Decision } from "../server/server-api.js";
import { isWaitingStatus } from "../view/run-status.js";
import { nodeKey, type ApprovalView, type RunView } from "../view/run-view.js";
import { approvalKey, includesApproval, lookUntilProven, type DrivenRun } from "./driven-run.js";

/** What becomes of an approval: it is decided, or left to somebody else. */
export type ApprovalDecision =
  | Decision
  | "wait"
  | {
      decision: Decision;
      note?: string | undefined;
      /** As {@link DecideArgs} has it: the option that is chosen. */
      selected?: string | undefined;
      /** As {@link DecideArgs} has it: the options from best to worst. */
      ranked?: readonly string[] | undefined;
    };

/** What `onApproval` receives beside the approval. */
export interface ApprovalContext {
  /** The run as it stands. */
  view: RunView;
  /** Aborted when no answer is needed any more: somebody else decided, or the run ended. */
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
  /** Called for each approval that is left to others. */
  onLeft?: ((approval: ApprovalView) => void) | undefined;
}

/** The pause after a decision that failed, before its effect is looked for, in ms. */
const failurePauseMs = 2000;

/**
 * Decides a run's approvals: asks `onApproval` once for each that is open, and sends what it answers. Nothing is asked
 * or sent on the word of a view that is not proven to be current, since in a history that is half read an approval looks
 * open that somebody has decided long ago.
 *
 * Runs until it fails or `signal` is aborted.
 */
export async function decideApprovals(
  run: DrivenRun,
  rules: ApprovalRules,
  signal: AbortSignal,
): Promise<never> {
  /** The approvals that were asked about, each with what ends the question. */
  const asked = new Map<string, AbortController>();
  const unasked = (view: RunView) =>
    view.openApprovals.filter(
      (approval) =>
        !asked.has(approvalKey(approval)) && (rules.askWhen === "announced" || isReached(approval, view)),
    );

  async function askAboutNew(reportFailure: (error: unknown) => void): Promise<never> {
    for (;;) {
      const change = run.changed();
      const look = await lookUntilProven(run, () => unasked(run.view).length > 0, signal);
      for (const approval of look === undefined ? [] : unasked(look.view)) {
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
      question.abort(signal.reason ?? new Error("the following has ended"));
  }
}

/** Whether the run has come to the approval: 0.5.0 names one before the nodes in front of it have run. */
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
    const look = await lookUntilProven(run, () => true, signal);
    if (look !== undefined && !includesApproval(look.view.openApprovals, approval)) {
      // The answer was lost, and the decision was not.
      if (isAnswerLost(previous) && isDecidedAs(decision, approval, look.view)) {
        rules.onDecided?.(approval, decision);
      }
      return;
    }
    try {
      await run.decide(approval, decision, more);
      rules.onDecided?.(approval, decision);
      return;
    } catch (error) {
      // An outage passes. A refusal may only mean that somebody was faster, which the events will show.
      if (isRefusal(error) ? isRefusal(previous) : !isOutage(error) && !isAnswerLost(error)) throw error;
      previous = error;
      await run.clock.sleep(failurePauseMs, signal);
    }
  }
}

/** Whether the server itself said no. 0.32 says it with a 500. */
function isRefusal(error: unknown): boolean {
  return error instanceof HttpError && (error.status === 500 || !isOutage(error));
}

function isDecidedAs(decision: Decision, { nodeId, iteration }: ApprovalView, view: RunView): boolean {
  const approval = view.nodes.get(nodeKey(nodeId, iteration))?.approval;
  return approval?.decision === (decision === "approve" ? "approved" : "denied");
}
