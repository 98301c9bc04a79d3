import type { Clock } from "../http/wait.js";
import type { Run } from "../results.js";
import { nodeKey, type ApprovalView, type RunView } from "../view/run-view.js";
import type { Decision, DecisionBody } from "../server/server-api.js";
import type { Check } from "./proof.js";

/** What a decision carries in addition to its approval. */
export type DecisionDetails = Pick<DecisionBody, "note" | "selected" | "ranked">;

/** A run as seen by the parts of a driver: what is known about it, and what they can do with it. */
export interface DrivenRun {
  readonly clock: Clock;
  /** The run as shown by all events read so far. */
  readonly view: RunView;
  /** Resolves when the view changes. */
  changed(): Promise<void>;
  /**
   * Checks the server to prove that the view is current. Resolves with `undefined` if that is not possible, such as
   * during an outage.
   */
  check(): Promise<Check | undefined>;
  getStatus(): Promise<Run>;
  decide(approval: ApprovalView, decision: Decision, more: DecisionDetails): Promise<void>;
  /** Sends a resume. Resolves with `false` if the workflow's path could not be found, which has been reported. */
  resume(): Promise<boolean>;
  /** Whether this process made the decision. */
  isOwn(approval: ApprovalView): boolean;
  /** Whether the server continues the run without a resume. */
  resumesByItself(): Promise<boolean>;
}

/** The wait after an unproven check, doubled each time. In ms. */
const firstRetryMs = 100;
const maxRetryMs = 5000;

/**
 * Checks until the view is proven, with growing pauses. The run may continue in the meantime.
 *
 * @param isNeeded called before each check; the result is `undefined` once it returns false
 * @throws the signal's reason
 */
export async function checkUntilProven(
  run: DrivenRun,
  isNeeded: () => boolean,
  signal: AbortSignal,
): Promise<Check | undefined> {
  for (let pauseMs = firstRetryMs; isNeeded(); pauseMs = Math.min(2 * pauseMs, maxRetryMs)) {
    const check = await run.check();
    signal.throwIfAborted();
    if (check?.result === "proven") return check;
    await run.clock.sleep(pauseMs, signal);
  }
  return undefined;
}

/** Returns a key for an approval. An approval that opens again in the same iteration gets another key. */
export function approvalKey({ nodeId, iteration, requestedAtMs }: ApprovalView): string {
  return `${nodeKey(nodeId, iteration)}@${requestedAtMs ?? 0}`;
}

/** Whether `approvals` includes the approval. */
export function includesApproval(approvals: readonly ApprovalView[], approval: ApprovalView): boolean {
  const key = approvalKey(approval);
  return approvals.some((each) => approvalKey(each) === key);
}
