import { HttpError, ownHttpCodes } from "../errors/http-error.js";
import { requestJson } from "../http/request.js";
import type { ResolvedOptions } from "../options.js";
import { toFrames, toRunReference, toRunStatus } from "./answers.js";
import { eventsQuery, httpServerTraits, openEvents, query, refuseChoice } from "./http-server.js";
import { encodeSegment } from "./ids.js";
import type { ServerApi } from "./server-api.js";

/** The server of a single run, started by `smithers up --serve`. It has only that run's routes, at its root. */
export function singleRunServer(options: ResolvedOptions, ownRunId: string): ServerApi {
  const get = (path: string) => requestJson(options, { method: "GET", path });
  const post = (path: string, body: unknown) => requestJson(options, { method: "POST", path, body });
  const unsupported = (what: string) => async (): Promise<never> => {
    throw singleRunServerError(ownRunId, what, options);
  };
  /** Returns the path if the call is about the server's own run, and throws otherwise. */
  const of = (runId: string, path: string): string => {
    if (runId === ownRunId) return path;
    throw singleRunServerError(ownRunId, `it has no run ${runId}`, options);
  };
  return {
    traits: httpServerTraits,
    startRun: unsupported("it does not start runs"),
    rerunRun: unsupported("it does not start runs"),
    resumeRun: unsupported("it does not resume runs"),
    decide: async (decision, runId, nodeId, body) => {
      const path = of(runId, `/${decision}/${encodeSegment("nodeId", nodeId)}`);
      await refuseChoice(body);
      return toRunReference(await post(path, body), runId);
    },
    cancelRun: async (runId) => toRunReference(await post(of(runId, "/cancel"), {}), runId),
    pauseRun: unsupported("it does not pause runs"),
    retryNode: unsupported("it does not run single nodes again"),
    getOutput: unsupported("it does not return what a node produced"),
    listWorkflows: unsupported("it does not list workflows"),
    getRun: async (runId) => toRunStatus(await get(of(runId, "/")), runId),
    getFrames: async (runId, limit) => toFrames(await get(of(runId, `/frames${query({ limit })}`))),
    listRuns: unsupported("it does not list runs"),
    listApprovals: unsupported("it does not list approvals"),
    sendSignal: unsupported("it does not accept signals"),
    openEvents: async (runId, afterSeq) => openEvents(options, of(runId, `/events${eventsQuery(afterSeq)}`)),
  };
}

function singleRunServerError(ownRunId: string, what: string, { redact }: ResolvedOptions): HttpError {
  return new HttpError({
    status: 404,
    code: ownHttpCodes.oneRunServer,
    serverMessage: redact(
      `this is the server of run ${ownRunId} alone (smithers up --serve), and ${what}; ` +
        "it shows that run, decides its approvals and cancels it",
    ),
    details: { runId: redact(ownRunId) },
    method: "GET",
    path: "/",
  });
}
