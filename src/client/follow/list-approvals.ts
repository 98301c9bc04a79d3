import { ConnectionError } from "../errors/connection-error.js";
import { HttpError, ownHttpCodes } from "../errors/http-error.js";
import { resolveOptions, type ConnectionOptions } from "../options.js";
import type { RunArgs } from "../requests/call-server.js";
import { getStatus, listRuns, readApprovalList } from "../requests/reads.js";
import type { ApprovalRow, RunRow, Run } from "../results.js";
import { hasNoApprovalList } from "../server/detect-server.js";
import { noLimit } from "../server/server-api.js";
import type { ApprovalView } from "../view/run-view.js";
import { loadView } from "./load-run-view.js";

/** What {@link listApprovals} takes. */
export interface ListApprovalsArgs extends ConnectionOptions {
  /** List only the approvals of this run. Default: the approvals of all runs. */
  runId?: string | undefined;
}

/** How many runs to read at once from a server that keeps no list of approvals. */
const maxRunsAtOnce = 8;

/**
 * Lists the open approvals, longest open first. A server before 0.32 keeps no such list, so the approvals are read from
 * the events of the runs that may have some. If the events of a run could not be proven to be current, its rows have
 * the server's time of the newest event as `asOf`. If `runId` is given, that is an error instead.
 *
 * On a Smithers gateway, `runStatus` is `null`, and rows of runs older than its newest 1,000 have no title and no time.
 *
 * @example
 * for (const { runId, nodeId } of await listApprovals()) console.log(runId, nodeId);
 *
 * @throws {@link HttpError} 400 `DB_NOT_CONFIGURED` if the server keeps no list of runs
 * @throws {@link ConnectionError} if the events of the run in `runId` could not be read up to the present
 */
export async function listApprovals(args: ListApprovalsArgs = {}): Promise<ApprovalRow[]> {
  const { runId, ...connection } = args;
  const options = resolveOptions(connection);
  try {
    return longestOpenFirst(await readApprovalList(options, runId));
  } catch (error) {
    const runIds = await runsToRead(error, args);
    const rows: ApprovalRow[] = [];
    const left = [...runIds];
    const readNext = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        rows.push(...(await readApprovals({ ...connection, runId: next }, runId !== undefined)));
      }
    };
    await Promise.all(Array.from({ length: maxRunsAtOnce }, readNext));
    return longestOpenFirst(rows);
  }
}

/**
 * Returns the runs whose events may show open approvals, if the error means that the server keeps no list of approvals.
 */
async function runsToRead(error: unknown, { runId, ...connection }: ListApprovalsArgs): Promise<string[]> {
  if (!(error instanceof HttpError) || !hasNoApprovalList(error)) throw error;
  if (runId !== undefined) return [runId];
  const isSingleRun = error.code === ownHttpCodes.oneRunServer;
  if (isSingleRun) return [(error.details as { runId: string }).runId];
  // A run that executes one branch may have stopped at an approval in another.
  const statuses = ["waiting-approval", "running"];
  const lists = statuses.map((status) => listRuns<RunRow>({ ...connection, status, limit: noLimit }));
  return (await Promise.all(lists)).flat().map((run) => run.runId);
}

async function readApprovals(args: RunArgs, isNamed: boolean): Promise<ApprovalRow[]> {
  const { summary } = await getStatus(args);
  if ((summary["waiting-approval"] ?? 0) === 0) return [];
  const { view, status, asOf } = await loadView(args, isNamed);
  if (asOf === null) return view.openApprovals.map((approval) => toRow(approval, status));
  // In a list of all runs, a stale row is better than none. A caller who names a run is about to act on the result.
  if (!isNamed) return view.openApprovals.map((approval) => ({ ...toRow(approval, status), asOf }));
  throw new ConnectionError(
    `the events of run ${args.runId} could not be read up to now, so the open approvals are not known for sure`,
    { method: "GET", path: `/v1/runs/${args.runId}/events`, mayHaveBeenApplied: false },
  );
}

function toRow({ nodeId, iteration, requestedAtMs, request }: ApprovalView, run: Run): ApprovalRow {
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
