import { HttpError, isRouteMissing, ownHttpCodes } from "../errors/http-error.js";
import type { ResolvedOptions } from "../options.js";
import type { ApprovalRow } from "../results.js";
import { isWaitingStatus } from "../view/run-status.js";
import {
  toApprovalRows,
  toEventMessages,
  toFrames,
  toNodeOutput,
  toNodesAtApproval,
  toRunReference,
  toRunRows,
  toRunStatus,
  toSignalReceipt,
  toWorkflowRows,
} from "./answers.js";
import { gatewayCalls, type GatewayCalls } from "./gateway-call.js";
import { openEventPages } from "./gateway-events.js";
import { query } from "./http-server.js";
import { encodeSegment } from "./ids.js";
import { noLimit, type ServerApi, type ServerTraits } from "./server-api.js";

const gatewayTraits: ServerTraits = {
  resumesByItself: true,
  resumeNeedsWorkflow: false,
  hasWorkflowKeys: true,
  hasNodeCalls: true,
  canRepeatDecisions: true,
};

/** The maximum number of workflows that an error names. */
const maxShownKeys = 20;

/** The REST API of a Smithers gateway, as of 0.32.0. */
export function gatewayServer(options: ResolvedOptions): ServerApi {
  const calls = gatewayCalls(options);
  const { get, post, rpc } = calls;
  return {
    traits: gatewayTraits,
    startRun: async (run) => {
      await refuseKnownRun(calls, run.runId);
      const workflow = workflowKey(run.workflowPath);
      const { runId, maxConcurrency } = run;
      const body = { workflow, input: run.input, options: { runId, maxConcurrency } };
      try {
        return toRunReference(await post("/runs", body), run.runId);
      } catch (error) {
        throw await withWorkflowKeys(error, calls);
      }
    },
    rerunRun: async (runId, newRunId) => {
      await refuseKnownRun(calls, newRunId);
      return toRunReference(await rpc("runs.rerun", { runId, newRunId }), newRunId);
    },
    resumeRun: async ({ runId }) => {
      const path = `${runPath(runId)}/resume`;
      const answer = toRunReference(await post(path, {}), runId);
      if (answer["status"] === "already_terminal") throw runEnded(runId, `/v1/api${path}`);
      return answer;
    },
    decide: async (decision, runId, nodeId, { iteration, note, selected, ranked }) => {
      const approved = decision === "approve";
      const choice = selected === undefined && ranked === undefined ? undefined : { selected, ranked };
      const body = { runId, nodeId, iteration, approved, note, decision: choice };
      try {
        return toRunReference(await post("/approvals/decision", body), runId);
      } catch (error) {
        // The answer does not say which option was chosen.
        if (choice !== undefined || !isDecided(error, approved ? "approved" : "denied")) throw error;
        return { runId, nodeId, iteration, status: error.details.status };
      }
    },
    cancelRun: async (runId) => toRunReference(await post(`${runPath(runId)}/cancel`, {}), runId),
    pauseRun: async (runId) => toRunReference(await post(`${runPath(runId)}/pause`, {}), runId),
    retryNode: async (runId, nodeId, body) =>
      toRunReference(await post(`${nodePath(runId, nodeId)}/retry`, body), runId),
    getOutput: async (runId, nodeId, iteration) =>
      toNodeOutput(await get(`${nodePath(runId, nodeId)}/output${query({ iteration })}`)),
    listWorkflows: async () => toWorkflowRows(await get("/workflows")),
    getRun: async (runId) => toRunStatus(await get(runPath(runId)), runId),
    getFrames: async (runId, limit) => toFrames(await rpc("frames.list", { runId, limit })),
    // Runs that another Smithers command started are not marked as a gateway's, and are left out without
    // `includeSystem`.
    listRuns: async (filter) => toRunRows(await get(`/runs${query({ ...filter, includeSystem: "true" })}`)),
    listApprovals: (runId) => (runId === undefined ? allApprovals(calls) : approvalsOf(calls, runId)),
    sendSignal: async (runId, name, { data, correlationId }) =>
      toSignalReceipt(await post("/signals", { runId, signalName: name, data, correlationId })),
    openEvents: (runId, afterSeq) => {
      const path = `${runPath(runId)}/events`;
      const pages = {
        path: `/v1/api${path}`,
        read: async (inner: ResolvedOptions, after: number, limit: number) => {
          const afterSeq = after === -1 ? undefined : after;
          return toEventMessages(await gatewayCalls(inner).get(path + query({ afterSeq, limit })));
        },
        status: async (inner: ResolvedOptions) =>
          toRunStatus(await gatewayCalls(inner).get(runPath(runId)), runId).status,
      };
      return openEventPages(options, pages, afterSeq);
    },
  };
}

/**
 * Returns the key of a workflow that is given as its key or its file: `deploy` for `./deploy.tsx` and for
 * `deploy/workflow.tsx`.
 */
export function workflowKey(workflowPath: string): string {
  const folders = workflowPath.split(/[\\/]/);
  const file = folders.pop() ?? "";
  const name = file.replace(/\.[jt]sx?$/, "");
  return name === "workflow" ? (folders.pop() ?? name) : name;
}

/**
 * Throws if a run with this id exists. A gateway that gets the id of a waiting or ended run reports success, and
 * executes that run again with its old input.
 *
 * @throws {HttpError} 409 if there is a run with this id
 */
async function refuseKnownRun({ get }: GatewayCalls, runId: string): Promise<void> {
  try {
    await get(runPath(runId));
  } catch (error) {
    if (error instanceof HttpError && error.status === 404 && !isRouteMissing(error)) return;
    throw error;
  }
  throw new HttpError({
    status: 409,
    code: "RUN_ALREADY_EXISTS",
    serverMessage: `Run id already exists: ${runId}`,
    method: "GET",
    path: `/v1/api${runPath(runId)}`,
  });
}

/** Adds the keys of the gateway's workflows to a 404 for a launch. */
async function withWorkflowKeys(error: unknown, { get }: GatewayCalls): Promise<unknown> {
  if (!(error instanceof HttpError) || error.status !== 404 || isRouteMissing(error)) return error;
  const rows = await get("/workflows").then(toWorkflowRows, () => []);
  const workflows = rows.map(({ key }) => key).sort();
  if (workflows.length === 0) return error;
  const shown = workflows.slice(0, maxShownKeys).join(", ");
  const more = workflows.length > maxShownKeys ? ` and ${workflows.length - maxShownKeys} more` : "";
  const fields = { ...error, code: error.code, details: { workflows } };
  return new HttpError(fields, `; the gateway's workflows are ${shown}${more}`);
}

function runEnded(runId: string, path: string): HttpError {
  return new HttpError({
    status: 409,
    code: ownHttpCodes.runEnded,
    serverMessage: `run ${runId} has ended, and a gateway does not resume ended runs; it can run a failed node again`,
    method: "POST",
    path,
  });
}

/** Whether the approval was already decided, in the same way. */
function isDecided(error: unknown, status: string): error is HttpError & { details: { status: string } } {
  if (!(error instanceof HttpError) || error.status !== 409) return false;
  return (error.details as { status?: unknown } | undefined)?.status === status;
}

/** Lists the open approvals of all runs. The gateway's own list only covers its newest 1,000 runs. */
async function allApprovals({ get }: GatewayCalls): Promise<ApprovalRow[]> {
  const rows = toRows(await get("/approvals"));
  const listed = new Set(rows.map(({ runId }) => runId));
  const waiting = toRunRows(
    await get(`/runs${query({ status: "waiting-approval", limit: noLimit, includeSystem: "true" })}`),
  );
  const others = waiting.filter(({ runId }) => !listed.has(runId));
  for (const { runId } of others) rows.push(...(await approvalsByNodes({ get }, runId)));
  return rows;
}

async function approvalsOf({ get }: GatewayCalls, runId: string): Promise<ApprovalRow[]> {
  const rows = toRows(await get(`/approvals${query({ runId })}`));
  if (rows.length > 0) return rows;
  // A node is waiting a moment before its approval can be decided. The run's status changes after both.
  const { status } = toRunStatus(await get(runPath(runId)), runId);
  return isWaitingStatus(status) ? approvalsByNodes({ get }, runId) : [];
}

/** Builds the approvals of a run that the list does not cover from what its nodes show. */
async function approvalsByNodes({ get }: Pick<GatewayCalls, "get">, runId: string): Promise<ApprovalRow[]> {
  const nodes = toNodesAtApproval(await get(`${runPath(runId)}/node-states`));
  return nodes.map(({ nodeId, iteration, label }) =>
    toRow({ runId, nodeId, iteration, requestTitle: label ?? nodeId }),
  );
}

/** Removes duplicates: the list contains each approval twice if its database was opened under two paths. */
function toRows(answer: unknown): ApprovalRow[] {
  const rows = new Map<string, ApprovalRow>();
  for (const row of toApprovalRows(answer)) {
    rows.set(JSON.stringify([row.runId, row.nodeId, row.iteration]), toRow(row));
  }
  return [...rows.values()];
}

function toRow(row: Record<string, unknown>): ApprovalRow {
  const { requestedAtMs = null, workflowKey = "" } = row;
  const waitingMs = typeof requestedAtMs === "number" ? Math.max(0, Date.now() - requestedAtMs) : 0;
  const defaults = { workflowName: workflowKey, runStatus: null, requestSummary: null, requestedAtMs };
  return { ...defaults, waitingMs, requestTitle: row["nodeId"], ...row } as ApprovalRow;
}

function runPath(runId: string): string {
  return `/runs/${encodeSegment("runId", runId)}`;
}

function nodePath(runId: string, nodeId: string): string {
  return `${runPath(runId)}/nodes/${encodeSegment("nodeId", nodeId)}`;
}
