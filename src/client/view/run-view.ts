import type { ApprovalRequest, RunStatus, SmithersEvent } from "../events.js";
import { statusOfEndEvent } from "./run-status.js";

/** The states of 0.5.0, and `waiting-timer`, which 0.32 adds; a newer server's events may bring others. */
export type NodeState =
  | "pending"
  | "waiting-approval"
  | "waiting-timer"
  | "in-progress"
  | "finished"
  | "failed"
  | "cancelled"
  | "skipped"
  | "retrying"
  | (string & {});

/** One node in one turn of its loop. */
export interface NodeView {
  readonly nodeId: string;
  readonly iteration: number;
  readonly state: NodeState;
  /** The newest attempt, counted from 1; 0 before the first. */
  readonly attempt: number;
  /** When the newest attempt started, in milliseconds since 1970. */
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** The error of the newest attempt that failed, as the server sent it. */
  readonly error: unknown;
  /** The approval in front of the node, if there is one. */
  readonly approval: ApprovalView | null;
  /** When the node's timer fires, in milliseconds since 1970; `null` if the node is not a timer. */
  readonly firesAtMs: number | null;
}

/** An approval, open or decided. */
export interface ApprovalView {
  readonly nodeId: string;
  readonly iteration: number;
  readonly decision: "approved" | "denied" | null;
  readonly requestedAtMs: number | null;
  readonly decidedAtMs: number | null;
  readonly request: ApprovalRequest | null;
}

/** A run as its events tell it. */
export interface RunView {
  readonly runId: string;
  /** `unknown` before the first event. */
  readonly status: RunStatus | "unknown";
  readonly startedAtMs: number | null;
  /** When the run last ended; `null` while it has not. */
  readonly finishedAtMs: number | null;
  /** Why the run failed, as the server sent it. */
  readonly error: unknown;
  /** By {@link nodeKey}, in the order in which the events first named them. */
  readonly nodes: ReadonlyMap<string, NodeView>;
  /** The approvals that nobody has decided, in the order in which they opened. */
  readonly openApprovals: readonly ApprovalView[];
  /**
   * Decisions that no engine has been seen to take up. One that executes does by itself; on a run that has paused
   * nothing continues until somebody resumes it.
   */
  readonly unappliedDecisions: readonly ApprovalView[];
  /** Number of the newest frame; 0 before the first. */
  readonly frameNo: number;
  /** The run in which the work continues (servers from 0.32 on). */
  readonly continuedAs: string | null;
  /** By the server's clock, the time of the newest event. */
  readonly updatedAtMs: number | null;
}

/** The view of a run of which nothing is known yet. */
export function emptyRunView(runId: string): RunView {
  return {
    runId,
    status: "unknown",
    startedAtMs: null,
    finishedAtMs: null,
    error: null,
    nodes: new Map(),
    openApprovals: [],
    unappliedDecisions: [],
    frameNo: 0,
    continuedAs: null,
    updatedAtMs: null,
  };
}

/** Names a node in one turn of its loop, as the server's frames do. */
export function nodeKey(nodeId: string, iteration: number): string {
  return `${nodeId}::${iteration}`;
}

/**
 * The view after one more event. Pure: the view passed in stays as it is. Events of unknown types change nothing but
 * the time. An event of another run, in which the work continues, starts the view of that run.
 */
export function reduceRun(view: RunView, event: SmithersEvent): RunView {
  return reduceEvents(view, [event]);
}

/** The view after several events in order; cheaper than one by one. */
export function reduceEvents(view: RunView, events: Iterable<SmithersEvent>): RunView {
  let draft: Draft = { ...view };
  for (const event of events) {
    if (typeof event.runId === "string" && event.runId !== draft.runId)
      draft = { ...emptyRunView(event.runId) };
    if (typeof event.timestampMs === "number") draft.updatedAtMs = event.timestampMs;
    applyEvent(draft, event, view.nodes);
  }
  return draft;
}

type Draft = { -readonly [Field in keyof RunView]: RunView[Field] };

function applyEvent(draft: Draft, event: SmithersEvent, original: ReadonlyMap<string, NodeView>): void {
  // Fields of an event may be missing or of another kind: it comes from another program, perhaps a newer one.
  const { type, timestampMs: at } = event;
  if (typeof type !== "string") return;
  const fields = event as Record<string, unknown>;
  const nodeId = fields["nodeId"];

  if (type.startsWith("Run")) return applyRunEvent(draft, type, at, fields, original);
  if (type === "FrameCommitted" || type === "TimeTravelJumped") {
    const frameNo = fields[type === "FrameCommitted" ? "frameNo" : "toFrameNo"];
    if (typeof frameNo === "number") draft.frameNo = frameNo;
    return finishSignalNode(draft, at, fields["trigger"], original);
  }
  if (type === "RetryTaskFinished" || type === "TimeTravelFinished") {
    return setBackNodes(draft, fields["resetNodes"], original);
  }
  if (typeof nodeId !== "string") return;
  const iteration = typeof fields["iteration"] === "number" ? fields["iteration"] : 0;
  const key = nodeKey(nodeId, iteration);
  const node = draft.nodes.get(key) ?? newNode(nodeId, iteration);
  const change = nodeChange(type, at, fields, node);
  if (change === undefined) return;
  const changed = { ...node, ...change };
  mutableNodes(draft, original).set(key, changed);
  if ("approval" in change) draft.openApprovals = withApproval(draft.openApprovals, changed.approval);
  draft.unappliedDecisions = withoutNode(draft.unappliedDecisions, changed);
  // A decision that the executing engine sees is taken up; the node's next event shows it.
  if (type === "ApprovalGranted" || type === "ApprovalDenied") {
    draft.unappliedDecisions = [...draft.unappliedDecisions, changed.approval as ApprovalView];
  }
}

/** A node that waited for a signal has no events of its own: the frame that was rendered after it is all there is. */
function finishSignalNode(
  draft: Draft,
  at: number,
  trigger: unknown,
  original: ReadonlyMap<string, NodeView>,
): void {
  const { reason, nodeId, iteration = 0 } = (trigger ?? {}) as Record<string, unknown>;
  if (reason !== "task-finished" || typeof nodeId !== "string" || typeof iteration !== "number") return;
  const key = nodeKey(nodeId, iteration);
  const node = draft.nodes.get(key) ?? newNode(nodeId, iteration);
  if (node.state !== "pending" && !node.state.startsWith("waiting-")) return;
  mutableNodes(draft, original).set(key, { ...node, state: "finished", finishedAtMs: at });
}

/** What a retry by hand, or a travel back in time, has set back, in every turn of its loop. */
function setBackNodes(draft: Draft, nodeIds: unknown, original: ReadonlyMap<string, NodeView>): void {
  if (!Array.isArray(nodeIds)) return;
  for (const [key, node] of draft.nodes) {
    if (!nodeIds.includes(node.nodeId)) continue;
    mutableNodes(draft, original).set(key, { ...node, state: "pending", finishedAtMs: null, error: null });
  }
}

function applyRunEvent(
  draft: Draft,
  type: string,
  at: number,
  fields: Record<string, unknown>,
  original: ReadonlyMap<string, NodeView>,
): void {
  const endStatus = statusOfEndEvent.get(type);
  if (endStatus !== undefined) {
    draft.status = endStatus;
    draft.finishedAtMs = at;
    draft.openApprovals = [];
    draft.unappliedDecisions = [];
    if (type === "RunContinuedAsNew") {
      draft.continuedAs = typeof fields["newRunId"] === "string" ? fields["newRunId"] : null;
      return;
    }
    draft.error = type === "RunFailed" ? (fields["error"] ?? null) : null;
    failBlamedNode(draft, original);
    return;
  }
  switch (type) {
    case "RunStarted":
      draft.status = "running";
      draft.startedAtMs ??= at;
      draft.finishedAtMs = null;
      draft.error = null;
      draft.continuedAs = null;
      // The engine that starts reads every decision made before; what an earlier one had under way, it starts again.
      draft.unappliedDecisions = [];
      for (const [key, node] of draft.nodes) {
        if (node.state === "in-progress" || node.state === "retrying") {
          mutableNodes(draft, original).set(key, { ...node, state: "pending" });
        }
      }
      return;
    case "RunStatusChanged":
      if (typeof fields["status"] === "string") draft.status = fields["status"];
      return;
  }
}

/** Marks the node that the run's error blames as failed, if no event has: a signal whose data its schema rejects. */
function failBlamedNode(draft: Draft, original: ReadonlyMap<string, NodeView>): void {
  const { details, cause } = (draft.error ?? {}) as { details?: { key?: unknown } | null; cause?: unknown };
  const node = draft.nodes.get(String(details?.key));
  if (node === undefined || node.state === "failed") return;
  mutableNodes(draft, original).set(nodeKey(node.nodeId, node.iteration), {
    ...node,
    state: "failed",
    finishedAtMs: draft.finishedAtMs,
    error: cause ?? draft.error,
  });
}

/** The changes that an event makes to its node; undefined for none. */
function nodeChange(
  type: string,
  at: number,
  fields: Record<string, unknown>,
  node: NodeView,
): Partial<NodeView> | undefined {
  const attempt = typeof fields["attempt"] === "number" ? fields["attempt"] : node.attempt;
  switch (type) {
    case "NodePending":
      return { state: "pending" };
    case "NodeStarted":
      return { state: "in-progress", attempt, startedAtMs: at, finishedAtMs: null, error: null };
    case "NodeFinished":
      return { state: "finished", attempt, finishedAtMs: at, error: null };
    case "NodeFailed":
      return { state: "failed", attempt, finishedAtMs: at, error: fields["error"] ?? null };
    case "NodeCancelled":
      return { state: "cancelled", attempt, finishedAtMs: at };
    case "NodeSkipped":
      return { state: "skipped", finishedAtMs: at };
    case "NodeRetrying":
      return { state: "retrying", attempt };
    case "NodeWaitingApproval":
      // A decision may come between the two events that announce an approval, and it stands.
      if (node.approval !== null && node.approval.decision !== null) return undefined;
      return { state: "waiting-approval", approval: requested(node, at, fields["request"]) };
    case "ApprovalRequested":
      return { state: "waiting-approval", approval: requested(node, at, fields["request"]) };
    case "NodeWaitingTimer":
      return {
        state: "waiting-timer",
        firesAtMs: typeof fields["firesAtMs"] === "number" ? fields["firesAtMs"] : null,
      };
    case "ApprovalAutoApproved":
    case "ApprovalGranted":
      return { state: "pending", approval: decided(node, "approved", at) };
    case "ApprovalDenied":
      return { state: "failed", approval: decided(node, "denied", at) };
    default:
      return undefined;
  }
}

function newNode(nodeId: string, iteration: number): NodeView {
  return {
    nodeId,
    iteration,
    state: "pending",
    attempt: 0,
    startedAtMs: null,
    finishedAtMs: null,
    error: null,
    approval: null,
    firesAtMs: null,
  };
}

function requested(node: NodeView, at: number, request: unknown): ApprovalView {
  const isRequest = typeof request === "object" && request !== null;
  return {
    nodeId: node.nodeId,
    iteration: node.iteration,
    decision: null,
    // Two events announce one approval; the first one's time is when it opened.
    requestedAtMs: node.approval?.decision === null ? node.approval.requestedAtMs : at,
    decidedAtMs: null,
    request: isRequest ? (request as ApprovalRequest) : (node.approval?.request ?? null),
  };
}

function decided(node: NodeView, decision: "approved" | "denied", at: number): ApprovalView {
  return {
    nodeId: node.nodeId,
    iteration: node.iteration,
    requestedAtMs: node.approval?.requestedAtMs ?? null,
    request: node.approval?.request ?? null,
    decision,
    decidedAtMs: at,
  };
}

function withApproval(
  approvals: readonly ApprovalView[],
  approval: ApprovalView | null,
): readonly ApprovalView[] {
  if (approval === null) return approvals;
  const at = approvals.findIndex(
    (other) => other.nodeId === approval.nodeId && other.iteration === approval.iteration,
  );
  const open = approval.decision === null;
  if (at === -1) return open ? [...approvals, approval] : approvals;
  return open ? approvals.with(at, approval) : approvals.toSpliced(at, 1);
}

function withoutNode(decisions: readonly ApprovalView[], node: NodeView): readonly ApprovalView[] {
  const isOther = (other: ApprovalView) => other.nodeId !== node.nodeId || other.iteration !== node.iteration;
  return decisions.every(isOther) ? decisions : decisions.filter(isOther);
}

/** The draft's nodes as a map of its own: copied from the view's once, at the first change. */
function mutableNodes(draft: Draft, original: ReadonlyMap<string, NodeView>): Map<string, NodeView> {
  if (draft.nodes === original) draft.nodes = new Map(original);
  return draft.nodes as Map<string, NodeView>;
}
