import { connect, type ConnectionOptions } from "./connection.js";
import { HttpError } from "./errors/http-error.js";
import { ProtocolError } from "./errors/protocol-error.js";
import { loadRunView } from "./load-run-view.js";
import { getStatus, listRuns } from "./requests.js";
import type { ApprovalRow, RunStatus } from "./results.js";
import { requestWithRetries, retryPolicies } from "./retry.js";
import { routes } from "./routes.js";
import type { ApprovalView } from "./run-view.js";

/**
 * Lists the gates of a server's runs that nobody has decided, the longest open first. On a server before 0.32, which
 * keeps no such list, they are read from the events of the runs that wait.
 *
 * @throws {HttpError} 400 `DB_NOT_CONFIGURED` where the server keeps no list of runs
 */
export async function listApprovals(args: ConnectionOptions = {}): Promise<ApprovalRow[]> {
  try {
    const answer = await requestWithRetries(connect(args), routes.listApprovals(), retryPolicies.read);
    const { approvals } = (answer ?? {}) as { approvals?: unknown };
    if (Array.isArray(approvals)) return longestOpenFirst(approvals as ApprovalRow[]);
    throw new ProtocolError("the server's answer has no approvals in it; is this a Smithers server?");
  } catch (error) {
    const runIds = await runsToRead(error, args);
    const rows: ApprovalRow[] = [];
    // Each takes a moment of silence to be read, so several at once; not all, for the server's sake.
    for (let at = 0; at < runIds.length; at += readAtOnce) {
      const some = runIds.slice(at, at + readAtOnce);
      rows.push(...(await Promise.all(some.map((runId) => gatesOf({ ...args, runId })))).flat());
    }
    return longestOpenFirst(rows);
  }
}

/** Two listeners each on the signal of the caller, of which Node warns from the eleventh on. */
const readAtOnce = 4;

/** The runs whose events may tell of gates, where the error means that the server keeps no list of them. */
async function runsToRead(error: unknown, args: ConnectionOptions): Promise<string[]> {
  if (!(error instanceof HttpError)) throw error;
  if (error.code === "ONE_RUN_SERVER") return [(error.details as { runId: string }).runId];
  if (error.code !== "NEWER_ROUTE") throw error;
  const limit = 100_000;
  // A run that executes one branch may have stopped at a gate in another.
  const lists = ["waiting-approval", "running"].map((status) => listRuns({ ...args, status, limit }));
  return (await Promise.all(lists)).flat().map(({ runId }) => runId);
}

async function gatesOf(args: ConnectionOptions & { runId: string }): Promise<ApprovalRow[]> {
  const { summary } = await getStatus(args);
  if ((summary["waiting-approval"] ?? 0) === 0) return [];
  const { view, status } = await loadRunView(args);
  return view.openGates.map((gate) => rowOf(gate, status));
}

function rowOf({ nodeId, iteration, requestedAtMs, request }: ApprovalView, run: RunStatus): ApprovalRow {
  return {
    runId: run.runId,
    nodeId,
    iteration,
    workflowName: run.workflowName,
    runStatus: run.status,
    label: nodeId,
    requestTitle: request?.title ?? nodeId,
    requestSummary: request?.summary ?? null,
    requestedAtMs,
    waitingMs: requestedAtMs === null ? 0 : Math.max(0, Date.now() - requestedAtMs),
    note: null,
    decidedBy: null,
  };
}

function longestOpenFirst(rows: ApprovalRow[]): ApprovalRow[] {
  return rows.sort((one, other) => (one.requestedAtMs ?? 0) - (other.requestedAtMs ?? 0));
}
