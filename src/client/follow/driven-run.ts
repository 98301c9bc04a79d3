import type { Clock } from "../http/wait.js";
import type { Run } from "../results.js";
import { nodeKey, type ApprovalView, type RunView } from "../view/run-view.js";
import type { Decision, DecisionBody } from "../server/server-api.js";
import type { Look } from "./proof.js";

/** What a decision carries beside what it is about. */
export type DecisionDetails = Pick<DecisionBody, "note" | "selected" | "ranked">;

/** A run as the parts of a driver see it: what is known of it, and what they can do. */
export interface DrivenRun {
  readonly clock: Clock;
  /** What the events show, up to the newest. */
  readonly view: RunView;
  /** Resolves at the next change of the view. */
  changed(): Promise<void>;
  /** Looks at the server, to prove that the view is how things are; undefined if the server could not be reached. */
  look(): Promise<Look | undefined>;
  getStatus(): Promise<Run>;
  decide(approval: ApprovalView, decision: Decision, more: DecisionDetails): Promise<void>;
  /** Sends a resume; false if it is not known how, which has been reported. */
  resume(): Promise<boolean>;
  /** Whether this process made the decision. */
  isOwn(approval: ApprovalView): boolean;
  /** Whether the server lets the run go on by itself. */
  resumesByItself(): Promise<boolean>;
}

/** The wait before the next look after one that was unsure, doubled each time, in ms. */
const firstRetryMs = 100;
const maxRetryMs = 5000;

/**
 * Looks until the view is proven, with growing pauses; the run may go on meanwhile.
 *
 * @param isNeeded asked before each look; once it is false, undefined is returned
 * @throws the signal's reason
 */
export async function lookUntilProven(
  run: DrivenRun,
  isNeeded: () => boolean,
  signal: AbortSignal,
): Promise<Look | undefined> {
  for (let pauseMs = firstRetryMs; isNeeded(); pauseMs = Math.min(2 * pauseMs, maxRetryMs)) {
    const look = await run.look();
    signal.throwIfAborted();
    if (look?.result === "proven") return look;
    await run.clock.sleep(pauseMs, signal);
  }
  return undefined;
}

/** Names an approval; one that opens again, in the same turn of its loop, is another one. */
export function approvalKey({ nodeId, iteration, requestedAtMs }: ApprovalView): string {
  return `${nodeKey(nodeId, iteration)}@${requestedAtMs ?? 0}`;
}

/** Whether an approval is among these. */
export function includesApproval(approvals: readonly ApprovalView[], approval: ApprovalView): boolean {
  const key = approvalKey(approval);
  return approvals.some((each) => approvalKey(each) === key);
}
