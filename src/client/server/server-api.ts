import type {
  ApprovalRow,
  Frame,
  NodeOutput,
  Run,
  RunReference,
  RunRow,
  SignalReceipt,
  WorkflowRow,
} from "../results.js";
import type { EventConnection } from "./event-connection.js";

/** The limit of a list that should have all runs: more than a server can have in an answer of 64 MiB. */
export const noLimit = 1_000_000;

/** A decision about an approval. */
export type Decision = "approve" | "deny";

/** The contents of a decision, in addition to its node. */
export interface DecisionBody {
  iteration: number;
  note?: string | undefined;
  decidedBy?: string | undefined;
  /** The chosen option, for an approval that asks for one. */
  selected?: string | undefined;
  /** The options from best to worst, for an approval that asks for a ranking. */
  ranked?: readonly string[] | undefined;
}

/** How a kind of server behaves, apart from the requests that it takes. */
export interface ServerTraits {
  /** Whether a run continues without a resume after a decision, a signal or a timer. */
  readonly resumesByItself: boolean;
  /** Whether a resume has to name the workflow's file. */
  readonly resumeNeedsWorkflow: boolean;
  /** Whether workflows have keys, which `listWorkflows` lists. Otherwise a workflow is known by its file's path. */
  readonly hasWorkflowKeys: boolean;
  /** Whether the server supports `retryNode`, `pause` and `getOutput`. */
  readonly hasNodeCalls: boolean;
  /** Whether a decision may be sent twice: the second one changes nothing, and the answer says what was decided. */
  readonly canRepeatDecisions: boolean;
}

/** A run to resume. */
export interface ResumedRun {
  runId: string;
  workflowPath: string | undefined;
  /** How many nodes may execute at the same time. Default: the server's. */
  maxConcurrency?: number | undefined;
}

/** A run to start. */
export interface StartedRun extends ResumedRun {
  workflowPath: string;
  input: unknown;
}

/**
 * The requests that a server takes, if possible one per method. Each kind of server is one implementation. Retries,
 * positions and the ends of runs are handled above this interface, by code that knows nothing else about the server.
 *
 * A method that a kind of server does not support throws an `HttpError` with one of this library's codes
 * (`ownHttpCodes`).
 */
export interface ServerApi {
  readonly traits: ServerTraits;
  /** Throws a 409 if the run id already exists. */
  startRun(run: StartedRun): Promise<RunReference>;
  /** Starts a run's workflow again under a new id, with the input that the server has kept. */
  rerunRun(runId: string, newRunId: string): Promise<RunReference>;
  /** `workflowPath` is `undefined` only if `resumeNeedsWorkflow` is false. */
  resumeRun(run: ResumedRun): Promise<RunReference>;
  decide(decision: Decision, runId: string, nodeId: string, body: DecisionBody): Promise<RunReference>;
  cancelRun(runId: string): Promise<RunReference>;
  pauseRun(runId: string): Promise<RunReference>;
  /** Runs a node again and continues the run from there. */
  retryNode(
    runId: string,
    nodeId: string,
    body: { iteration: number; resetDependents?: boolean | undefined },
  ): Promise<RunReference>;
  /** Returns a node's output. */
  getOutput(runId: string, nodeId: string, iteration: number): Promise<NodeOutput>;
  /** Lists the workflows that have a key. */
  listWorkflows(): Promise<WorkflowRow[]>;
  getRun(runId: string): Promise<Run>;
  /** Lists the newest frames, newest first. */
  getFrames(runId: string, limit: number): Promise<Frame[]>;
  listRuns(filter: { limit?: number | undefined; status?: string | undefined }): Promise<RunRow[]>;
  /** Lists the open approvals of a run, or of all runs. */
  listApprovals(runId?: string): Promise<ApprovalRow[]>;
  sendSignal(
    runId: string,
    name: string,
    signal: { data: unknown; correlationId?: string | undefined; sentBy?: string | undefined },
  ): Promise<SignalReceipt>;
  /** Opens a stream of the events after the one numbered `afterSeq`; -1 for all events. */
  openEvents(runId: string, afterSeq: number): Promise<EventConnection>;
}
