/** What every event carries: its kind, its run, and the server's clock in milliseconds since 1970. */
interface EventBase<Type extends string> {
  type: Type;
  runId: string;
  timestampMs: number;
  /** Sent by servers from 0.32 on: the same ids once more, and the workflow's name. */
  correlation?: Record<string, unknown>;
}

interface NodeEventBase<Type extends string> extends EventBase<Type> {
  nodeId: string;
  /** Which turn of the loop around the node this is; 0 outside a loop. */
  iteration: number;
}

interface AttemptEventBase<Type extends string> extends NodeEventBase<Type> {
  /** Counts from 1; a retry is the next attempt of the same node and iteration. */
  attempt: number;
}

/** What an approval gate asks, where the server sends it (from 0.32 on). */
export interface ApprovalRequest {
  mode?: string;
  title?: string | null;
  summary?: string | null;
  metadata?: Record<string, unknown>;
  options?: unknown[];
  [field: string]: unknown;
}

/**
 * The 22 event types of a 0.5.0 server, told apart by `type`.
 *
 * Source: the events of real runs and the server's own type of them.
 */
export type KnownSmithersEvent =
  | EventBase<"RunStarted">
  | (EventBase<"RunStatusChanged"> & { status: RunStatusName })
  | EventBase<"RunFinished">
  | (EventBase<"RunFailed"> & { error: unknown })
  | EventBase<"RunCancelled">
  | (EventBase<"FrameCommitted"> & { frameNo: number; xmlHash: string })
  | NodeEventBase<"NodePending">
  | AttemptEventBase<"NodeStarted">
  | AttemptEventBase<"NodeFinished">
  | (AttemptEventBase<"NodeFailed"> & { error: unknown })
  | (NodeEventBase<"NodeCancelled"> & { attempt?: number; reason?: string })
  | NodeEventBase<"NodeSkipped">
  | AttemptEventBase<"NodeRetrying">
  | (NodeEventBase<"NodeWaitingApproval"> & { request?: ApprovalRequest })
  | (NodeEventBase<"ApprovalRequested"> & { request?: ApprovalRequest })
  | NodeEventBase<"ApprovalGranted">
  | NodeEventBase<"ApprovalDenied">
  | (AttemptEventBase<"ToolCallStarted"> & { toolName: string; seq: number })
  | (AttemptEventBase<"ToolCallFinished"> & { toolName: string; seq: number; status: "success" | "error" })
  | (AttemptEventBase<"NodeOutput"> & { text: string; stream: "stdout" | "stderr" })
  | (AttemptEventBase<"RevertStarted"> & { jjPointer: string })
  | (AttemptEventBase<"RevertFinished"> & { jjPointer: string; success: boolean; error?: string });

/** An event of a type that this version does not know: newer servers have over 70, and it is passed on as it came. */
export interface UnknownSmithersEvent {
  type: string;
  runId: string;
  timestampMs: number;
  // TypeScript cannot say "any string but those", so the fields stay open for a `switch` over `type` to compile.
  [field: string]: any;
}

/**
 * One event of a run, as the server sent it. Inside `case "NodeStarted":` its fields can be used at once;
 * {@link isKnownEvent} narrows to the exact types.
 */
export type SmithersEvent = KnownSmithersEvent | UnknownSmithersEvent;

/** The statuses of 0.5.0 and 0.32.0; a server may send others. */
export type RunStatusName =
  | "running"
  | "waiting-approval"
  | "finished"
  | "failed"
  | "cancelled"
  | "waiting-event"
  | "waiting-timer"
  | "waiting-quota"
  | "paused"
  | "continued"
  | (string & {});

const knownTypes: ReadonlySet<string> = new Set<KnownSmithersEvent["type"]>([
  "RunStarted",
  "RunStatusChanged",
  "RunFinished",
  "RunFailed",
  "RunCancelled",
  "FrameCommitted",
  "NodePending",
  "NodeStarted",
  "NodeFinished",
  "NodeFailed",
  "NodeCancelled",
  "NodeSkipped",
  "NodeRetrying",
  "NodeWaitingApproval",
  "ApprovalRequested",
  "ApprovalGranted",
  "ApprovalDenied",
  "ToolCallStarted",
  "ToolCallFinished",
  "NodeOutput",
  "RevertStarted",
  "RevertFinished",
]);

/** Whether the event is of a type that 0.5.0 has; narrows it to the exact union. */
export function isKnownEvent(event: SmithersEvent): event is KnownSmithersEvent {
  return knownTypes.has(event.type);
}
