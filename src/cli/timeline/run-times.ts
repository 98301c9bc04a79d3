import { nodeKey, type SmithersEvent } from "../../client/index.js";
import { isTime } from "../describe/duration.js";
import { stateOfEndEvent } from "../describe/event-lines.js";

/** A period between two events; `to` is `null` while it lasts. In milliseconds since 1970, by the server's clock. */
export interface Period {
  from: number;
  to: number | null;
}

/** One attempt of a node. It has several periods if its engine was lost and another one restarted it. */
export interface AttemptTimes {
  attempt: number;
  executing: Period[];
  /** How it ended, such as `finished` or `failed`; `executing` until then. */
  state: string;
}

/** What happened to one node, in one iteration of its loop, and when. */
export interface NodeTimes {
  readonly nodeId: string;
  readonly iteration: number;
  approval: Period | null;
  /** Whether the approval was announced when the run reached it, as 0.32 does. 0.5.0 announces it ahead of time. */
  isApprovalReached: boolean;
  /** The wait for a timer or a signal. */
  waiting: Period | null;
  /** In the order in which they started. */
  attempts: AttemptTimes[];
  /** The attempt that follows a failed one and has not started. */
  nextAttempt: number | null;
  /** The node's last state that does not belong to an attempt, such as `denied` or `skipped`. */
  state: string;
  /** When the node last ended: finished, failed, cancelled, skipped or denied. */
  endedAt: number | null;
}

/** Collects from a run's events what happened when. The view of a run has only the newest attempt of each node. */
export class RunTimes {
  /** By `nodeKey`, in the order in which the events first named them. */
  nodes = new Map<string, NodeTimes>();
  startedAt: number | null = null;
  /** When the run last ended; `null` while it has not, or was resumed since. */
  endedAt: number | null = null;
  /** The periods between an end of the run and the resume after it. */
  downtimes: { from: number; to: number }[] = [];
  lastEventAt: number | null = null;
  #runId: string | undefined;

  /**
   * Adds an event. Events must arrive in order. Those of another run, which this one continues as, start from scratch.
   */
  add(event: SmithersEvent): void {
    const at = event.timestampMs;
    if (!isTime(at) || typeof event.type !== "string") return;
    if (typeof event.runId === "string" && event.runId !== this.#runId) this.#reset(event.runId);
    if (event.type.startsWith("Run")) this.#addRunEvent(event.type, at);
    else this.#addNodeEvent(event.type, at, event);
    this.lastEventAt = Math.max(at, this.lastEventAt ?? at);
  }

  #reset(runId: string): void {
    this.#runId = runId;
    this.nodes = new Map();
    this.downtimes = [];
    this.startedAt = this.endedAt = this.lastEventAt = null;
  }

  #addRunEvent(type: string, at: number): void {
    switch (type) {
      case "RunStarted":
        this.startedAt ??= at;
        // No event says that an engine was lost. Its last event is the best estimate.
        for (const node of this.nodes.values()) stopExecuting(node, this.lastEventAt ?? at);
        if (this.endedAt !== null) this.downtimes.push({ from: this.endedAt, to: at });
        this.endedAt = null;
        return;
      case "RunFinished":
      case "RunFailed":
      case "RunCancelled":
      case "RunContinuedAsNew":
        for (const node of this.nodes.values()) stopExecuting(node, at);
        this.endedAt = at;
    }
  }

  #addNodeEvent(type: string, at: number, event: object): void {
    const fields = event as Record<string, unknown>;
    if (type === "FrameCommitted") return this.#endSignalWait(fields["trigger"], at);
    const { nodeId } = fields;
    if (typeof nodeId !== "string") return;
    const iteration = typeof fields["iteration"] === "number" ? fields["iteration"] : 0;
    const key = nodeKey(nodeId, iteration);
    const node = this.nodes.get(key) ?? newNode(nodeId, iteration);
    if (applyEvent(node, type, at, fields)) this.nodes.set(key, node);
  }

  /**
   * Ends a node's wait for a signal. Such a node has no events of its own, only the frame that was rendered after it.
   */
  #endSignalWait(trigger: unknown, at: number): void {
    const { reason, nodeId, iteration = 0 } = (trigger ?? {}) as Record<string, unknown>;
    if (reason !== "task-finished" || typeof nodeId !== "string" || typeof iteration !== "number") return;
    const key = nodeKey(nodeId, iteration);
    const node = this.nodes.get(key) ?? newNode(nodeId, iteration);
    if (node.endedAt !== null || node.attempts.length > 0) return;
    node.waiting ??= { from: -Infinity, to: null };
    endNode(node, "finished", at);
    this.nodes.set(key, node);
  }
}

/** Records what the event says about its node. Returns false if it says nothing. */
function applyEvent(node: NodeTimes, type: string, at: number, fields: Record<string, unknown>): boolean {
  const { attempt, request } = fields;
  const endState = stateOfEndEvent.get(type);
  if (endState !== undefined) {
    endNode(node, endState, at);
    return true;
  }
  switch (type) {
    case "NodePending":
      return true;
    case "NodeStarted": {
      const number = typeof attempt === "number" ? attempt : Math.max(1, node.attempts.length);
      let times = node.attempts.find((each) => each.attempt === number);
      if (times === undefined) node.attempts.push((times = { attempt: number, executing: [], state: "" }));
      times.state = "executing";
      times.executing.push({ from: at, to: null });
      node.endedAt = node.nextAttempt = null;
      endWaits(node, at);
      return true;
    }
    case "NodeRetrying":
      node.nextAttempt = typeof attempt === "number" ? attempt : node.attempts.length + 1;
      return true;
    case "ApprovalRequested":
    case "NodeWaitingApproval":
      node.approval ??= { from: at, to: null };
      // Only servers that announce an approval when the run reaches it send its request.
      if (typeof request === "object" && request !== null) node.isApprovalReached = true;
      return true;
    case "ApprovalGranted":
    case "ApprovalAutoApproved":
      (node.approval ??= { from: at, to: at }).to ??= at;
      return true;
    case "ApprovalDenied":
      (node.approval ??= { from: at, to: at }).to ??= at;
      endNode(node, "denied", at);
      return true;
    case "NodeWaitingTimer":
      node.waiting ??= { from: at, to: null };
      return true;
    default:
      return false;
  }
}

function endNode(node: NodeTimes, state: string, at: number): void {
  const open = node.attempts.filter(({ executing }) => executing.some(({ to }) => to === null));
  for (const attempt of open) attempt.state = state;
  if (open.length === 0) node.state = state;
  stopExecuting(node, at, state);
  endWaits(node, at);
  node.endedAt = at;
}

function endWaits({ waiting, approval }: NodeTimes, at: number): void {
  if (waiting?.to === null) waiting.to = at;
  if (approval?.to === null) approval.to = at;
}

function stopExecuting(node: NodeTimes, at: number, state = "interrupted"): void {
  for (const attempt of node.attempts) {
    for (const period of attempt.executing) {
      if (period.to !== null) continue;
      period.to = Math.max(at, period.from);
      attempt.state = state;
    }
  }
}

function newNode(nodeId: string, iteration: number): NodeTimes {
  return {
    nodeId,
    iteration,
    approval: null,
    isApprovalReached: false,
    waiting: null,
    attempts: [],
    nextAttempt: null,
    state: "",
    endedAt: null,
  };
}
