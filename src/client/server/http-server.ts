import { HttpError, ownHttpCodes } from "../errors/http-error.js";
import { openResponse, requestJson, type HttpRequest } from "../http/request.js";
import type { ResolvedOptions } from "../options.js";
import {
  expectObject,
  toApprovalRows,
  toFrames,
  toRunReference,
  toRunRows,
  toRunStatus,
  toSignalReceipt,
} from "./answers.js";
import { openEventConnection } from "./event-connection.js";
import { encodeSegment, literalSegment } from "./ids.js";
import type { DecisionBody, ResumedRun, ServerApi, ServerTraits } from "./server-api.js";

/** The traits of a server that continues a run only after a resume. */
export const httpServerTraits: ServerTraits = {
  resumesByItself: false,
  resumeNeedsWorkflow: true,
  hasWorkflowKeys: false,
  hasNodeCalls: false,
  canRepeatDecisions: false,
};

/** The HTTP API of a server that `startServer` started, 0.5.0 to 0.32.0. */
export function httpServer(options: ResolvedOptions): ServerApi {
  const get = (path: string) => requestJson(options, { method: "GET", path });
  const post = (path: string, body: unknown) => requestJson(options, { method: "POST", path, body });
  return {
    traits: httpServerTraits,
    startRun: async (run) => toRunReference(await post("/v1/runs", toBody(run)), run.runId),
    resumeRun: async (run) =>
      toRunReference(await post("/v1/runs", { ...toBody(run), resume: true }), run.runId),
    decide: async (decision, runId, nodeId, body) => {
      await refuseChoice(body);
      const path = `${runPath(runId)}/nodes/${literalSegment("nodeId", nodeId)}/${decision}`;
      return toRunReference(await post(path, body), runId);
    },
    cancelRun: async (runId) => toRunReference(await post(`${runPath(runId)}/cancel`, {}), runId),
    rerunRun: gatewayOnly("this server cannot start a run again with its input"),
    pauseRun: gatewayOnly("this server cannot pause runs"),
    retryNode: gatewayOnly("this server cannot run single nodes again"),
    getOutput: gatewayOnly("this server does not return what a node produced"),
    listWorkflows: gatewayOnly("this server knows workflows by their path and does not list them"),
    getRun: async (runId) => toRunStatus(await get(runPath(runId)), runId),
    getFrames: async (runId, limit) => toFrames(await get(`${runPath(runId)}/frames${query({ limit })}`)),
    listRuns: async (filter) => toRunRows(await get(`/v1/runs${query(filter)}`)),
    listApprovals: async (runId) => {
      const { approvals } = expectObject(await get("/v1/approvals"), "the list of approvals");
      const rows = toApprovalRows(approvals);
      return runId === undefined ? rows : rows.filter((row) => row.runId === runId);
    },
    sendSignal: async (runId, name, { sentBy, ...signal }) => {
      const body = { ...signal, receivedBy: sentBy };
      return toSignalReceipt(await post(`${runPath(runId)}/signals/${encodeSegment("name", name)}`, body));
    },
    openEvents: (runId, afterSeq) => openEvents(options, eventsPath(runId, afterSeq)),
  };
}

/** Returns a method that always throws, for a call that only a Smithers gateway supports. */
export function gatewayOnly(what: string): () => Promise<never> {
  return async () => {
    throw new HttpError({
      status: 404,
      code: ownHttpCodes.needsGateway,
      serverMessage: `${what}; a Smithers gateway does`,
      method: "GET",
      path: "/",
    });
  };
}

/** Rejects a decision with a choice, because a server that does not support choices ignores it silently. */
export async function refuseChoice({ selected, ranked }: DecisionBody): Promise<void> {
  if (selected === undefined && ranked === undefined) return;
  await gatewayOnly("this server accepts only yes or no to an approval, no choice among options")();
}

function toBody({ maxConcurrency, ...run }: ResumedRun): object {
  return maxConcurrency === undefined ? run : { ...run, config: { maxConcurrency } };
}

/** Opens the event stream at a path of the server. */
export async function openEvents(options: ResolvedOptions, path: string) {
  const request: HttpRequest = { method: "GET", path };
  return openEventConnection(options, request, await openResponse(options, request, "text/event-stream"));
}

/** Returns the path of a run's events. The query is the same on every server that streams. */
export function eventsPath(runId: string, afterSeq: number): string {
  return `${runPath(runId)}/events${eventsQuery(afterSeq)}`;
}

/** Returns the query for the events after a number. Without one, the stream starts at the first event. */
export function eventsQuery(afterSeq: number): string {
  return query({ afterSeq: afterSeq === -1 ? undefined : afterSeq });
}

function runPath(runId: string): string {
  return `/v1/runs/${encodeSegment("runId", runId)}`;
}

/** Returns a query of the parameters that have a value. */
export function query(parameters: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== "") search.set(name, String(value));
  }
  return search.size === 0 ? "" : `?${search}`;
}
