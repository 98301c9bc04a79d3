import type { ApprovalRequest, RunStatus, SmithersEvent } from "../events.js";
import { statusOfEndEvent } from "./run-status.js";

/** The states of 0.5.0, and `waiting-timer`, which 0.32 adds. Events from newer servers may have others. */
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

/** One node in one iteration of its loop. */
export interface NodeView {
  readonly nodeId: string;
  readonly iteration: number;
  readonly state: NodeState;
  /** The newest attempt, counted from 1; 0 before the first. */
  readonly attempt: number;
  /** When the newest attempt started, in milliseconds since 1970. */
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** The error of the newest failed attempt, as sent by the server. */
  readonly error: unknown;
  /** The approval in front of the node; `null` if it has none. */
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

/** A run as shown by its events. */
export interface RunView {
  readonly runId: string;
  /** `unknown` before the first event. */
  readonly status: RunStatus | "unknown";
  readonly startedAtMs: number | null;
  /** When the run last ended; `null` if it has not ended. */
  readonly finishedAtMs: number | null;
  /** Why the run failed, as sent by the server. */
  readonly error: unknown;
  /** By {@link nodeKey}, in the order in which the events first mention them. */
  readonly nodes: ReadonlyMap<string, NodeView>;
  /** The approvals that no one has decided, in the order in which they opened. */
  readonly openApprovals: readonly ApprovalView[];
  /**
   * Decisions that, according to the events, no engine has applied yet. An engine that is executing applies them by
   * itself; a run that has stopped to wait continues only after a resume.
   */
  readonly unappliedDecisions: readonly ApprovalView[];
  /** Number of the newest frame; 0 before the first. */
  readonly frameNo: number;
  /** The run that continues the work (servers from 0.32 on). */
  readonly continuedAs: string | null;
  /** The time of the newest event, by the server's clock. */
  readonly updatedAtMs: number | null;
}

/** Returns the view of a run before its first event. */
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

/** Returns the key for a node in one iteration of its loop, in the format of the server's frames. */
export function nodeKey(nodeId: string, iteration: number): string {
  return `${nodeId}::${iteration}`;
}

/**
 * Returns the view after one more event. Pure: does not modify `view`. An event of an unknown type only changes the
 * time. An event of another run, which continues the work, starts the view of that run.
 */
export function reduceRun(view: RunView, event: SmithersEvent): RunView {
  return reduceEvents(view, [event]);
}

/** Returns the view after several events, in order. Cheaper than applying them one by one. */
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
  // Fields may be missing or have another type: events come from another program, which may be newer.
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
  // An executing engine applies the decision; the node's next event then removes it from the list.
  if (type === "ApprovalGranted" || type === "ApprovalDenied") {
    draft.unappliedDecisions = [...draft.unappliedDecisions, changed.approval as ApprovalView];
  }
}

/**
 * Finishes a node that waited for a signal. Such a node has no events of its own; only the frame rendered after the
 * signal shows that it has finished.
 */
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

/** Resets the nodes that a manual retry or a time travel has set back, in every iteration of their loops. */
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
      // A new engine reads all earlier decisions, and restarts what the previous engine was executing.
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

/**
 * Marks the node that the run's error blames as failed, if no event has. Example: a signal whose data does not match
 * its schema.
 */
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

/** Returns what an event changes in its node; `undefined` if nothing. */
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
      // A decision may arrive between the two events that announce an approval; keep it.
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
    // Two events announce one approval; it opened at the time of the first one.
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

/** Returns the draft's own map of nodes, copied from the view at the first change. */
function mutableNodes(draft: Draft, original: ReadonlyMap<string, NodeView>): Map<string, NodeView> {
  if (draft.nodes === original) draft.nodes = new Map(original);
  return draft.nodes as Map<string, NodeView>;
}
