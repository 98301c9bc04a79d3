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

/** A decision about an approval. */
export type Decision = "approve" | "deny";

/** What a decision carries beside its node. */
export interface DecisionBody {
  iteration: number;
  note?: string | undefined;
  decidedBy?: string | undefined;
  /** The option that is chosen, for an approval that asks for one. */
  selected?: string | undefined;
  /** The options from best to worst, for an approval that asks for a ranking. */
  ranked?: readonly string[] | undefined;
}

/** What differs between kinds of servers beside the requests themselves. */
export interface ServerTraits {
  /** After a decision, a signal or a timer the run continues without a resume. */
  readonly resumesByItself: boolean;
  /** A resume has to name the workflow's file. */
  readonly resumeNeedsWorkflow: boolean;
  /** Workflows are known by a key, and `listWorkflows` lists them; elsewhere by the path of their file. */
  readonly hasWorkflowKeys: boolean;
  /** `retryNode`, `pause` and `getOutput` are there. */
  readonly hasNodeCalls: boolean;
  /** A decision may be sent twice: the second one changes nothing, and the answer says what was decided. */
  readonly canRepeatDecisions: boolean;
}

/** A run to resume. */
export interface ResumedRun {
  runId: string;
  workflowPath: string | undefined;
  /** How many nodes may execute at the same time; undefined leaves it to the server. */
  maxConcurrency?: number | undefined;
}

/** A run to start. */
export interface StartedRun extends ResumedRun {
  workflowPath: string;
  input: unknown;
}

/**
 * What a server can be asked, one request for each call where that is enough. Each kind of server is one implementation;
 * retries, positions and the ends of runs are decided above this interface, which is all that they know of a server.
 *
 * A call that a kind of server does not have throws an `HttpError` with a code of ours (`ownHttpCodes`).
 */
export interface ServerApi {
  readonly traits: ServerTraits;
  /** Throws a 409 if the run's id exists already. */
  startRun(run: StartedRun): Promise<RunReference>;
  /** Starts a run's workflow again with the run's input, which the server has kept, under a new id. */
  rerunRun(runId: string, newRunId: string): Promise<RunReference>;
  /** `workflowPath` is undefined only where `resumeNeedsWorkflow` is false. */
  resumeRun(run: ResumedRun): Promise<RunReference>;
  decide(decision: Decision, runId: string, nodeId: string, body: DecisionBody): Promise<RunReference>;
  cancelRun(runId: string): Promise<RunReference>;
  pauseRun(runId: string): Promise<RunReference>;
  /** Runs a node again, and lets the run go on from there. */
  retryNode(
    runId: string,
    nodeId: string,
    body: { iteration: number; resetDependents?: boolean | undefined },
  ): Promise<RunReference>;
  /** What a node has produced. */
  getOutput(runId: string, nodeId: string, iteration: number): Promise<NodeOutput>;
  /** The workflows that are known by a key. */
  listWorkflows(): Promise<WorkflowRow[]>;
  getRun(runId: string): Promise<Run>;
  /** The newest frames, newest first. */
  getFrames(runId: string, limit: number): Promise<Frame[]>;
  listRuns(filter: { limit?: number | undefined; status?: string | undefined }): Promise<RunRow[]>;
  /** The open approvals of a run, or of all runs. */
  listApprovals(runId?: string): Promise<ApprovalRow[]>;
  sendSignal(
    runId: string,
    name: string,
    signal: { data: unknown; correlationId?: string | undefined; sentBy?: string | undefined },
  ): Promise<SignalReceipt>;
  /** Opens a stream of the events after the one numbered `afterSeq`; -1 for all. */
  openEvents(runId: string, afterSeq: number): Promise<EventConnection>;
}
