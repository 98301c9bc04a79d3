import type { ServerResponse } from "node:http";
import type { ServedRun } from "./served-run.js";

/** A kind of request, by the library's name for it. */
export type Call =
  | "runWorkflow"
  | "resume"
  | "approve"
  | "deny"
  | "cancel"
  | "sendSignal"
  | "events"
  | "getStatus"
  | "getFrames"
  | "listRuns"
  | "listApprovals"
  | "nodeStates";

export function callOf(
  method: string,
  path: string,
  body: Record<string, unknown> | undefined,
): Call | undefined {
  const [, version, runs, runId, ...rest] = path.replace(/\?.*/, "").split("/");
  if (version === "v1" && runs === "approvals" && method === "GET") return "listApprovals";
  if (version !== "v1" || runs !== "runs") return undefined;
  if (runId === undefined)
    return method === "GET" ? "listRuns" : body?.["resume"] === true ? "resume" : "runWorkflow";
  const last = rest.at(-1);
  if (method === "GET") {
    if (rest.length === 0) return "getStatus";
    return last === "events" ? "events" : last === "frames" ? "getFrames" : undefined;
  }
  if (rest.at(-2) === "signals") return "sendSignal";
  return last === "cancel" || last === "approve" || last === "deny" ? last : undefined;
}

export function runRow(run: ServedRun): object {
  const { runId, workflowName, workflowPath, parentRunId, status, finishedAtMs, runState, summary } = run;
  const state = runState === undefined ? {} : { runState: { state: status, ...runState } };
  const common = { runId, workflowName, workflowPath, parentRunId, status, startedAtMs: 1, finishedAtMs };
  return { ...common, summary, ...state };
}

export function approvalRows(run: ServedRun): object[] {
  const { runId, workflowName, status } = run;
  return run.openApprovals.map((approval) => ({
    ...{ runId, workflowName, runStatus: status, waitingMs: 1 },
    ...{ requestTitle: approval.nodeId, requestSummary: null },
    ...approval,
  }));
}

export function frameRows({ runId, frameNo }: ServedRun, limit: number): object[] {
  return Array.from({ length: Math.min(limit, frameNo) }, (_, at) => ({ runId, frameNo: frameNo - at }));
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/html" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers });
  response.end(text);
}
