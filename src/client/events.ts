/** Fields of every event: its type, its run, and the server's time in milliseconds since 1970. */
type EventBase<Type extends string> = {
  type: Type;
  runId: string;
  timestampMs: number;
  /** Sent by servers from 0.32 on: the same ids again, and the workflow's name. */
  correlation?: Record<string, unknown>;
};

type NodeEventBase<Type extends string> = EventBase<Type> & {
  nodeId: string;
  /** The iteration of the loop around the node; 0 outside a loop. */
  iteration: number;
};

type AttemptEventBase<Type extends string> = NodeEventBase<Type> & {
  /** Counts from 1. A retry is the next attempt of the same node and iteration. */
  attempt: number;
};

/** What an approval asks, if the server sends it (from 0.32 on). */
export type ApprovalRequest = {
  mode?: string;
  title?: string | null;
  summary?: string | null;
  metadata?: Record<string, unknown>;
  options?: unknown[];
  [field: string]: unknown;
};

/** Why a frame was rendered: `task-finished`, `timer-fired`, `loop-advanced`, `stability-check`, … */
export type FrameTrigger = {
  /** `task-finished` is the only sign that a signal has arrived: its node has no events of its own. */
  reason: string;
  nodeId?: string;
  iteration?: number;
};

/** The ids of the nodes that a manual retry or a time travel has reset. */
type NodeReset = {
  resetNodes: string[];
};

type SandboxEventBase<Type extends string> = EventBase<Type> & {
  sandboxId: string;
};

type SteerEventBase<Type extends string> = EventBase<Type> & {
  nodeId: string;
  messageId: string;
};

type RestartEventBase<Type extends string> = EventBase<Type> & {
  restartedAsRunId: string;
};

type ScorerEventBase<Type extends string> = EventBase<Type> & {
  nodeId: string;
  scorerId: string;
  scorerName: string;
};

type EffectRevertBase<Type extends string> = AttemptEventBase<Type> & {
  operation: string;
  kind: "tool" | "task";
  toolName: string;
  seq: number;
};

/**
 * The event types of 0.5.0 and 0.32.0, distinguished by `type`: the 22 in both, then those that 0.32.0 adds.
 *
 * Source: the events of real runs, and the servers' own type declarations. An event that is not declared there, such as
 * 0.32.0's `WorkflowPatchRecorded`, counts as unknown.
 */
export type KnownSmithersEvent =
  | EventBase<"RunStarted">
  | (EventBase<"RunStatusChanged"> & { status: RunStatus })
  /** From 0.32 on: `failedChildren` counts the failed tasks that the run was configured to continue after. */
  | (EventBase<"RunFinished"> & { failedChildren?: number; failedChildKeys?: readonly string[] })
  | (EventBase<"RunFailed"> & { error: unknown })
  | EventBase<"RunCancelled">
  /** From 0.32 on: `trigger` says why the tree was rendered again. */
  | (EventBase<"FrameCommitted"> & { frameNo: number; xmlHash: string; trigger?: FrameTrigger })
  | NodeEventBase<"NodePending">
  | (AttemptEventBase<"NodeStarted"> & { childRunId?: string })
  | AttemptEventBase<"NodeFinished">
  | (AttemptEventBase<"NodeFailed"> & { error: unknown })
  | (NodeEventBase<"NodeCancelled"> & { attempt?: number | null; reason?: string })
  | NodeEventBase<"NodeSkipped">
  | AttemptEventBase<"NodeRetrying">
  | (NodeEventBase<"NodeWaitingApproval"> & { request?: ApprovalRequest })
  | (NodeEventBase<"ApprovalRequested"> & { request?: ApprovalRequest })
  | NodeEventBase<"ApprovalGranted">
  | NodeEventBase<"ApprovalDenied">
  | (AttemptEventBase<"ToolCallStarted"> & { toolName: string; seq: number; toolCallId?: string })
  | (AttemptEventBase<"ToolCallFinished"> & {
      toolName: string;
      seq: number;
      status: "success" | "error";
      toolCallId?: string;
    })
  | (AttemptEventBase<"NodeOutput"> & { text: string; stream: "stdout" | "stderr" })
  | (AttemptEventBase<"RevertStarted"> & { jjPointer: string })
  | (AttemptEventBase<"RevertFinished"> & { jjPointer: string; success: boolean; error?: string })
  // From 0.32 on.
  | (EventBase<"RunContinuedAsNew"> & {
      newRunId: string;
      iteration: number;
      carriedStateSize: number;
      ancestryDepth?: number;
    })
  | (EventBase<"RunStateChanged"> & { before: RunStateName; after: RunStateName })
  | (EventBase<"RunAutoResumed"> & { lastHeartbeatAtMs: number | null; staleDurationMs: number })
  | (EventBase<"RunAutoResumeSkipped"> & { reason: "pid-alive" | "missing-workflow" | "rate-limited" })
  | (EventBase<"RunHijackRequested"> & { target?: string })
  | (AttemptEventBase<"RunHijacked"> & {
      engine: string;
      mode: "native-cli" | "conversation";
      resume?: string | null;
      cwd: string;
    })
  | (EventBase<"RunForked"> & { parentRunId: string; parentFrameNo: number; branchLabel?: string })
  | (EventBase<"ReplayStarted"> & { parentRunId: string; parentFrameNo: number; restoreVcs: boolean })
  | (EventBase<"SupervisorStarted"> & { pollIntervalMs: number; staleThresholdMs: number })
  | (EventBase<"SupervisorPollCompleted"> & {
      staleCount: number;
      resumedCount: number;
      skippedCount: number;
      durationMs: number;
    })
  | (NodeEventBase<"NodeWaitingTimer"> & { firesAtMs: number })
  | (EventBase<"TimerCreated"> & { timerId: string; firesAtMs: number; timerType: "duration" | "absolute" })
  | (EventBase<"TimerFired"> & { timerId: string; firesAtMs: number; firedAtMs: number; delayMs: number })
  | (EventBase<"TimerCancelled"> & { timerId: string })
  | NodeEventBase<"ApprovalAutoApproved">
  | (AttemptEventBase<"TaskHeartbeat"> & { hasData: boolean; dataSizeBytes: number; intervalMs?: number })
  | (AttemptEventBase<"TaskHeartbeatTimeout"> & { lastHeartbeatAtMs: number; timeoutMs: number })
  | (NodeEventBase<"RetryTaskStarted"> & NodeReset & { resetDependents: boolean })
  | (NodeEventBase<"RetryTaskFinished"> & NodeReset & { success: boolean; error?: string })
  | (AttemptEventBase<"TimeTravelStarted"> & { jjPointer?: string })
  | (AttemptEventBase<"TimeTravelFinished"> &
      NodeReset & { jjPointer?: string; success: boolean; vcsRestored: boolean; error?: string })
  | (EventBase<"TimeTravelJumped"> & { fromFrameNo: number; toFrameNo: number; caller?: string })
  | (EffectRevertBase<"EffectRevertStarted"> & { effectStatus: "succeeded" | "unknown" })
  | EffectRevertBase<"EffectRevertFinished">
  | (EffectRevertBase<"EffectRevertFailed"> & { error: string })
  | (EventBase<"SideEffectBoundaryCrossed"> & {
      opId: string;
      operation: string;
      report: { blocking: unknown[]; revertible: unknown[]; warnings: unknown[] };
      parentRunId?: string;
      warningOnly?: boolean;
      lateCompletion?: boolean;
      archivedByOp?: string;
    })
  | (EventBase<"SnapshotCaptured"> & { frameNo: number; contentHash: string })
  | (EventBase<"WorkflowReloadDetected"> & { changedFiles: string[] })
  | (EventBase<"WorkflowReloaded"> & { generation: number; changedFiles: string[] })
  | (EventBase<"WorkflowReloadFailed"> & { error: unknown; changedFiles: string[] })
  | (EventBase<"WorkflowReloadUnsafe"> & { reason: string; changedFiles: string[] })
  | (AttemptEventBase<"AgentEvent"> & { engine: string; event: Record<string, unknown> })
  | (AttemptEventBase<"AgentTraceEvent"> & { trace: Record<string, unknown> })
  | (AttemptEventBase<"AgentTraceSummary"> & { summary: Record<string, unknown> })
  | (AttemptEventBase<"AgentSessionEvent"> & { transcript: Record<string, unknown> })
  | (AttemptEventBase<"TokenUsageReported"> & {
      model: string;
      agent: string;
      inputTokens: number;
      outputTokens: number;
      cacheReadTokens?: number;
      cacheWriteTokens?: number;
      reasoningTokens?: number;
    })
  | ScorerEventBase<"ScorerStarted">
  | (ScorerEventBase<"ScorerFinished"> & { score: number })
  | (ScorerEventBase<"ScorerFailed"> & { error: unknown })
  | (SandboxEventBase<"SandboxCreated"> & { runtime: SandboxRuntime; configJson: string })
  | (SandboxEventBase<"SandboxShipped"> & { runtime: SandboxRuntime; bundleSizeBytes: number })
  | (SandboxEventBase<"SandboxHeartbeat"> & { remoteRunId?: string; progress?: number })
  | (SandboxEventBase<"SandboxBundleReceived"> & {
      bundleSizeBytes: number;
      patchCount: number;
      hasOutputs: boolean;
    })
  | (SandboxEventBase<"SandboxCompleted"> & {
      runtime: SandboxRuntime;
      status: "finished" | "failed" | "cancelled";
      durationMs: number;
      remoteRunId?: string;
    })
  | (SandboxEventBase<"SandboxFailed"> & { runtime: SandboxRuntime; error: unknown })
  | (SandboxEventBase<"SandboxDiffReviewRequested"> & { patchCount: number; totalDiffLines: number })
  | (SandboxEventBase<"SandboxDiffAccepted"> & { patchCount: number })
  | (SandboxEventBase<"SandboxDiffRejected"> & { reason?: string })
  | (SteerEventBase<"OneshotSteerQueued"> & { message: string; engine: string; delivery: "queued" })
  | (SteerEventBase<"OneshotSteerDelivered"> & { engine: string; delivery: "delivered" })
  | (SteerEventBase<"OneshotSteerAcknowledged"> & { engine: string; delivery: "agent-acked" })
  | (SteerEventBase<"OneshotSteerFailed"> & {
      message?: string;
      engine?: string;
      delivery: "failed";
      error: string;
      resumed?: boolean;
      recoveryError?: string;
    })
  | (RestartEventBase<"OneshotRestartRequested"> & { priorStatus: string })
  | (RestartEventBase<"OneshotRestartLaunched"> & { pid: number | null })
  | (RestartEventBase<"OneshotRestartFailed"> & { error: string })
  | (EventBase<"MemoryFactSet"> & { namespace: string; key: string })
  | (EventBase<"MemoryRecalled"> & { namespace: string; query: string; resultCount: number })
  | (EventBase<"MemoryMessageSaved"> & { threadId: string; role: string })
  | (EventBase<"OpenApiToolCalled"> & {
      operationId: string;
      method: string;
      path: string;
      durationMs: number;
      status: "success" | "error";
    });

type SandboxRuntime = "bubblewrap" | "docker" | "codeplane";

/** An event of a type that this version does not know, passed on unchanged. */
export type UnknownSmithersEvent = {
  /** Any string. Typed as a pattern that no known type matches, so a `switch` over `type` narrows to known ones. */
  type: `${string} ${string}`;
  runId: string;
  timestampMs: number;
  [field: string]: unknown;
};

/**
 * One event of a run, as the server sent it. `case "NodeStarted":` narrows it to that event's fields, and
 * {@link isKnownEvent} narrows it to the known types.
 */
export type SmithersEvent = KnownSmithersEvent | UnknownSmithersEvent;

/** The statuses of 0.5.0 and 0.32.0; a server may send others. */
export type RunStatus =
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

/** The `state` in the `runState` of a 0.32.0 server; see `RunState`. */
export type RunStateName =
  | "running"
  | "waiting-approval"
  | "waiting-event"
  | "waiting-timer"
  | "waiting-quota"
  | "paused"
  | "recovering"
  | "stale"
  | "orphaned"
  | "failed"
  | "cancelled"
  | "succeeded"
  | "unknown"
  | (string & {});

/** A record, so that the compiler reports missing types. */
const knownTypes: Record<KnownSmithersEvent["type"], true> = {
  RunStarted: true,
  RunStatusChanged: true,
  RunFinished: true,
  RunFailed: true,
  RunCancelled: true,
  FrameCommitted: true,
  NodePending: true,
  NodeStarted: true,
  NodeFinished: true,
  NodeFailed: true,
  NodeCancelled: true,
  NodeSkipped: true,
  NodeRetrying: true,
  NodeWaitingApproval: true,
  ApprovalRequested: true,
  ApprovalGranted: true,
  ApprovalDenied: true,
  ToolCallStarted: true,
  ToolCallFinished: true,
  NodeOutput: true,
  RevertStarted: true,
  RevertFinished: true,
  RunContinuedAsNew: true,
  RunStateChanged: true,
  RunAutoResumed: true,
  RunAutoResumeSkipped: true,
  RunHijackRequested: true,
  RunHijacked: true,
  RunForked: true,
  ReplayStarted: true,
  SupervisorStarted: true,
  SupervisorPollCompleted: true,
  NodeWaitingTimer: true,
  TimerCreated: true,
  TimerFired: true,
  TimerCancelled: true,
  ApprovalAutoApproved: true,
  TaskHeartbeat: true,
  TaskHeartbeatTimeout: true,
  RetryTaskStarted: true,
  RetryTaskFinished: true,
  TimeTravelStarted: true,
  TimeTravelFinished: true,
  TimeTravelJumped: true,
  EffectRevertStarted: true,
  EffectRevertFinished: true,
  EffectRevertFailed: true,
  SideEffectBoundaryCrossed: true,
  SnapshotCaptured: true,
  WorkflowReloadDetected: true,
  WorkflowReloaded: true,
  WorkflowReloadFailed: true,
  WorkflowReloadUnsafe: true,
  AgentEvent: true,
  AgentTraceEvent: true,
  AgentTraceSummary: true,
  AgentSessionEvent: true,
  TokenUsageReported: true,
  ScorerStarted: true,
  ScorerFinished: true,
  ScorerFailed: true,
  SandboxCreated: true,
  SandboxShipped: true,
  SandboxHeartbeat: true,
  SandboxBundleReceived: true,
  SandboxCompleted: true,
  SandboxFailed: true,
  SandboxDiffReviewRequested: true,
  SandboxDiffAccepted: true,
  SandboxDiffRejected: true,
  OneshotSteerQueued: true,
  OneshotSteerDelivered: true,
  OneshotSteerAcknowledged: true,
  OneshotSteerFailed: true,
  OneshotRestartRequested: true,
  OneshotRestartLaunched: true,
  OneshotRestartFailed: true,
  MemoryFactSet: true,
  MemoryRecalled: true,
  MemoryMessageSaved: true,
  OpenApiToolCalled: true,
};

/** Whether 0.5.0 or 0.32.0 has events of this type. Narrows the event to the exact union. */
export function isKnownEvent(event: SmithersEvent): event is KnownSmithersEvent {
  return Object.hasOwn(knownTypes, event.type);
}
