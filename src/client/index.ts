/**
 * The client library of a Smithers server: everything a program imports from `smithers-client`.
 *
 * @packageDocumentation
 */
export {
  approve,
  cancel,
  deny,
  getFrames,
  getStatus,
  listRuns,
  resume,
  runWorkflow,
  sendSignal,
  // The route's own name. Beside an AbortSignal, which is what `signal` mostly is, the longer one reads better.
  sendSignal as signal,
} from "./requests.js";
export type {
  DecideArgs,
  FramesArgs,
  ListRunsArgs,
  ResumeArgs,
  RunArgs,
  RunWorkflowArgs,
  SendSignalArgs,
} from "./requests.js";
export { listApprovals } from "./list-approvals.js";
export { streamEvents, type StreamEventsArgs } from "./stream-events.js";
export { isOver } from "./run-end.js";
export { watchRecords, watchRun, type WatchRunArgs } from "./watch-run.js";
export { driveRecords, driveRun, findWorkflowPath, isWaiting } from "./drive-run.js";
export type { DriveRunArgs, GateContext, GateDecision, ResumeReason } from "./drive-run.js";
export { loadRunView } from "./load-run-view.js";
export { createClient, type SmithersClient } from "./create-client.js";
export type { EventBatch } from "./event-batch.js";
export type { EventRecord } from "./event-record.js";
export type { Reconnect, StreamOptions } from "./event-stream.js";
export { defaultBaseUrl, type ConnectionOptions } from "./connection.js";
export type { Fetch, FetchRequest, FetchResponse } from "./fetch.js";
export type {
  ApprovalRow,
  BlockedRun,
  Frame,
  FrameNode,
  RunReference,
  RunRow,
  RunState,
  RunStatus,
  SignalReceipt,
} from "./results.js";
export { isKnownEvent } from "./smithers-event.js";
export type {
  ApprovalRequest,
  FrameTrigger,
  KnownSmithersEvent,
  RunStateName,
  RunStatusName,
  SmithersEvent,
  UnknownSmithersEvent,
} from "./smithers-event.js";
export { emptyRunView, nodeKey, reduceRun, reduceRunAll } from "./run-view.js";
export type { ApprovalView, NodeState, NodeView, RunView } from "./run-view.js";
export { SmithersError } from "./errors/smithers-error.js";
export { ArgumentError } from "./errors/argument-error.js";
export { ConnectionError } from "./errors/connection-error.js";
export { HttpError } from "./errors/http-error.js";
export { PositionError } from "./errors/position-error.js";
export { ProtocolError } from "./errors/protocol-error.js";
export { TimeoutError } from "./errors/timeout-error.js";
