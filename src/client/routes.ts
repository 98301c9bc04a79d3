import { ArgumentError } from "./errors/argument-error.js";

/** One call as it goes over the wire. */
export interface Route {
  method: "GET" | "POST";
  /** Below the base URL, with its query. */
  path: string;
  body?: unknown;
  /** The same on a server of one run (`smithers up --serve`), for the run of this id; undefined where that has it not. */
  onOneRun?: { runId: string; path: string };
  /** The first version that has it, where that is not 0.5.0. */
  since?: string;
}

/** The server's HTTP interface; nothing else in the library knows a path. */
export const routes = {
  startRun: (body: { workflowPath: string; input: unknown; runId: string }): Route => ({
    method: "POST",
    path: "/v1/runs",
    body,
  }),
  resumeRun: (body: { workflowPath: string; runId: string }): Route => ({
    method: "POST",
    path: "/v1/runs",
    body: { ...body, resume: true },
  }),
  decideGate: (
    decision: "approve" | "deny",
    runId: string,
    nodeId: string,
    body: { iteration: number; note?: string | undefined; decidedBy?: string | undefined },
  ): Route => ({
    method: "POST",
    path: `${runPath(runId)}/nodes/${literalSegment("nodeId", nodeId)}/${decision}`,
    onOneRun: { runId, path: `/${decision}/${segment("nodeId", nodeId)}` },
    body,
  }),
  cancelRun: (runId: string): Route => ({ method: "POST", ...ofRun(runId, "/cancel"), body: {} }),
  events: (runId: string, afterSeq: number): Route => ({
    method: "GET",
    ...ofRun(runId, `/events${query({ afterSeq: afterSeq === -1 ? undefined : afterSeq })}`),
  }),
  status: (runId: string): Route => ({
    method: "GET",
    path: runPath(runId),
    onOneRun: { runId, path: oneRunStatus },
  }),
  frames: (runId: string, limit: number): Route => ({
    method: "GET",
    ...ofRun(runId, `/frames${query({ limit })}`),
  }),
  sendSignal: (
    runId: string,
    name: string,
    body: { data: unknown; correlationId?: string | undefined },
  ): Route => ({
    method: "POST",
    path: `${runPath(runId)}/signals/${segment("name", name)}`,
    body,
    since: "0.32",
  }),
  listApprovals: (): Route => ({ method: "GET", path: "/v1/approvals", since: "0.32" }),
  listRuns: (filter: { limit?: number | undefined; status?: string | undefined }): Route => ({
    method: "GET",
    path: `/v1/runs${query(filter)}`,
  }),
};

/** Where a server of one run tells of it; a gateway sends a browser on from there. */
export const oneRunStatus = "/";
/** Where newer servers of every kind say that they are well, and a gateway also what it is. */
export const healthPath = "/health";

/** A path below a run's, which a server of one run has at its root. */
function ofRun(runId: string, path: string): Pick<Route, "path" | "onOneRun"> {
  return { path: runPath(runId) + path, onOneRun: { runId, path } };
}

function runPath(runId: string): string {
  return `/v1/runs/${segment("runId", runId)}`;
}

/**
 * An id as a path segment. The servers do not percent-decode, so what a URL path may carry stays raw
 * (`gate:prod@v1` would otherwise name another node), and only what would change the path is encoded.
 *
 * @throws {ArgumentError} for an id that would reach another route, or that no URL can carry
 */
export function segment(argument: string, id: string): string {
  if (typeof id !== "string" || id === "")
    throw new ArgumentError(argument, `${argument} must be a text that is not empty`);
  if (id === "." || id === "..") {
    throw new ArgumentError(
      argument,
      `${argument} must not be "${id}": as a part of a path it means another place`,
    );
  }
  try {
    return id.replace(/[^A-Za-z0-9\-._~:@!$&'()*+,;=]+/gu, encodeURIComponent);
  } catch (cause) {
    throw new ArgumentError(argument, `${argument} has half of a character (a lone surrogate) in it`, {
      cause,
    });
  }
}

/**
 * An id as a path segment that is the id itself. 0.5.0 answers 200 to a decision about the node `my%20gate`, which
 * exists nowhere, and the gate `my gate` stays closed for ever.
 *
 * @throws {ArgumentError} for an id that only an encoded segment could carry
 */
function literalSegment(argument: string, id: string): string {
  const encoded = segment(argument, id);
  if (encoded === id) return id;
  throw new ArgumentError(
    argument,
    `${argument} "${id}" would have to be encoded in the URL, as ${encoded}, and servers take it there to the letter: ` +
      "a gate of this name cannot be decided over HTTP; name it without spaces, slashes and the like",
  );
}

function query(parameters: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== "") search.set(name, String(value));
  }
  return search.size === 0 ? "" : `?${search}`;
}
