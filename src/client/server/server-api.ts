import type { ApprovalRow, Frame, RunReference, RunRow, Run, SignalReceipt } from "../results.js";
import type { EventConnection } from "./event-connection.js";

/** A decision about an approval. */
export type Decision = "approve" | "deny";

/** What a decision carries beside its node. */
export interface DecisionBody {
  iteration: number;
  note?: string | undefined;
  decidedBy?: string | undefined;
}

/**
 * What a server can be asked, one request for each call. Each kind of server is one implementation; retries, positions
 * and the ends of runs are decided above this interface, which is all that they know of a server.
 *
 * A call that a kind of server does not have throws an `HttpError` with a code of ours (`ownHttpCodes`).
 */
export interface ServerApi {
  startRun(run: { workflowPath: string; input: unknown; runId: string }): Promise<RunReference>;
  resumeRun(run: { workflowPath: string; runId: string }): Promise<RunReference>;
  decide(decision: Decision, runId: string, nodeId: string, body: DecisionBody): Promise<RunReference>;
  cancelRun(runId: string): Promise<RunReference>;
  getRun(runId: string): Promise<Run>;
  /** The newest frames, newest first. */
  getFrames(runId: string, limit: number): Promise<Frame[]>;
  listRuns(filter: { limit?: number | undefined; status?: string | undefined }): Promise<RunRow[]>;
  /** The open approvals of all runs. */
  listApprovals(): Promise<ApprovalRow[]>;
  sendSignal(
    runId: string,
    name: string,
    signal: { data: unknown; correlationId?: string | undefined; sentBy?: string | undefined },
  ): Promise<SignalReceipt>;
  /** Opens a stream of the events after the one numbered `afterSeq`; -1 for all. */
  openEvents(runId: string, afterSeq: number): Promise<EventConnection>;
}
