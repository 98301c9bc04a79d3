/**
 * The client library for Smithers servers: everything that a program imports from `smithers-client`.
 *
 * @packageDocumentation
 */
export type { RunArgs } from "./requests/call-server.js";
export {
  cancel,
  pause,
  rerun,
  resume,
  retryNode,
  runWorkflow,
  type RerunArgs,
  type ResumeArgs,
  type RetryNodeArgs,
  type RunWorkflowArgs,
} from "./requests/runs.js";
export { approve, deny, sendSignal, type DecideArgs, type SendSignalArgs } from "./requests/decisions.js";
export {
  findWorkflowPath,
  getFrames,
  getOutput,
  getServerTraits,
  getStatus,
  listRuns,
  listWorkflows,
  type FramesArgs,
  type ListRunsArgs,
  type OutputArgs,
} from "./requests/reads.js";
export type { ServerTraits } from "./server/server-api.js";
export { listApprovals, type ListApprovalsArgs } from "./follow/list-approvals.js";
export { streamEvents, type StreamEventsArgs } from "./follow/stream-events.js";
export { watchRecords, watchRun, type WatchRunArgs } from "./follow/watch-run.js";
export { driveRecords, driveRun, type DriveRunArgs } from "./follow/drive-run.js";
export type { ApprovalContext, ApprovalDecision } from "./follow/approval-decider.js";
export type { ResumeReason } from "./follow/resumer.js";
export { loadRunView } from "./follow/load-run-view.js";
export { readHistory, readRecords, type LoadedRun } from "./follow/read-history.js";
export type { RunStream } from "./follow/run-stream.js";
export { createClient, type SmithersClient } from "./create-client.js";
export type { EventRecord } from "./follow/event-record.js";
export type { Reconnect, StreamOptions } from "./follow/event-stream.js";
export type { ReadRunArgs } from "./follow/read-run.js";
export { defaultBaseUrl, type ConnectionOptions } from "./options.js";
export type { Fetch, FetchRequest, FetchResponse } from "./http/fetch.js";
export type {
  ApprovalOption,
  ApprovalRow,
  BlockedRun,
  Frame,
  FrameNode,
  NodeOutput,
  RunReference,
  RunRow,
  RunState,
  Run,
  SignalReceipt,
  WorkflowRow,
} from "./results.js";
export { isKnownEvent } from "./events.js";
export type {
  ApprovalRequest,
  FrameTrigger,
  KnownSmithersEvent,
  RunStateName,
  RunStatus,
  SmithersEvent,
  UnknownSmithersEvent,
} from "./events.js";
export { isResumableStatus, isTerminalStatus, isWaitingStatus, knownStatuses } from "./view/run-status.js";
export { emptyRunView, nodeKey, reduceRun, reduceEvents } from "./view/run-view.js";
export type { ApprovalView, NodeState, NodeView, RunView } from "./view/run-view.js";
export { SmithersError } from "./errors/smithers-error.js";
export { ArgumentError } from "./errors/argument-error.js";
export { ConnectionError } from "./errors/connection-error.js";
export { HttpError } from "./errors/http-error.js";
export { PositionError } from "./errors/position-error.js";
export { ProtocolError } from "./errors/protocol-error.js";
export { TimeoutError } from "./errors/timeout-error.js";
