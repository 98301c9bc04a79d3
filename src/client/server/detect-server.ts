import { ConnectionError } from "../errors/connection-error.js";
import { HttpError, ownHttpCodes } from "../errors/http-error.js";
import { TimeoutError } from "../errors/timeout-error.js";
import { requestJson } from "../http/request.js";
import type { ResolvedOptions } from "../options.js";
import { httpServer } from "./http-server.js";
import type { ServerApi } from "./server-api.js";
import { singleRunServer } from "./single-run-server.js";

type CreateServer = (options: ResolvedOptions) => ServerApi;

/** The kind of the server at each base URL, once a call has shown it. */
const detected = new Map<string, CreateServer>();

/**
 * Makes a call to the server, whatever kind it is. The usual kind is assumed until a server says that it has no such
 * route; then the kind is found out, and remembered for the base URL.
 *
 * @throws {HttpError} with `code` `ONE_RUN_SERVER` (`details.runId` is its run), `GATEWAY`, `NEEDS_GATEWAY`, or
 *   `NEWER_ROUTE` if the server is older than the route
 */
export async function withServer<T>(
  options: ResolvedOptions,
  call: (server: ServerApi) => Promise<T>,
): Promise<T> {
  const assumed = detected.get(options.baseUrl) ?? httpServer;
  try {
    const answer = await call(assumed(options));
    detected.set(options.baseUrl, assumed);
    return answer;
  } catch (error) {
    if (!isRouteMissing(error)) throw error;
    const found = await detectServer(options, error);
    detected.set(options.baseUrl, found);
    if (found === assumed) throw asNewerRoute(error);
    return call(found(options));
  }
}

/** The server at the base URL, if an earlier call has shown its kind. */
export function knownServer(options: ResolvedOptions): ServerApi | undefined {
  return detected.get(options.baseUrl)?.(options);
}

/** Whether the error means that the server keeps no list of open approvals: it is too old, or has no database for one. */
export function hasNoApprovalList({ code }: HttpError): boolean {
  return [ownHttpCodes.newerRoute, ownHttpCodes.oneRunServer, "DB_NOT_CONFIGURED"].includes(code);
}

/** Whether a server has no such route, or a server that is assumed to be of another kind refuses the call. */
function isRouteMissing(error: unknown): error is HttpError {
  if (!(error instanceof HttpError) || error.status !== 404) return false;
  if (error.code === ownHttpCodes.oneRunServer || error.code === ownHttpCodes.needsGateway) return true;
  return error.code === "NOT_FOUND" && error.serverMessage === "Route not found";
}

/**
 * Finds out the kind of a server that has no such route.
 *
 * @throws {HttpError} `GATEWAY`, whose interface this library does not speak
 * @throws {ConnectionError | TimeoutError} if nothing answers
 */
async function detectServer(options: ResolvedOptions, error: HttpError): Promise<CreateServer> {
  const ask = (path: string) => requestJson(options, { method: "GET", path });
  const answers = await Promise.allSettled([ask("/"), ask("/health")]);
  const [root, health] = answers.map((answer) =>
    answer.status === "fulfilled" ? ((answer.value ?? {}) as Record<string, unknown>) : {},
  );
  options.signal?.throwIfAborted();
  const runId = root?.["runId"];
  if (typeof runId === "string" && typeof root?.["status"] === "string") return singleRunOf(runId, options);
  if (typeof health?.["protocol"] === "number") {
    const { version = "" } = (health["identity"] ?? {}) as { version?: unknown };
    throw withCode(
      error,
      ownHttpCodes.gateway,
      options.redact(
        `a Smithers gateway (${String(version)}), whose interface is another one, under /v1/api`,
      ),
    );
  }
  // What is refused without a request says nothing about the server, and neither does an outage.
  const outage = answers.map((answer): unknown => (answer.status === "rejected" ? answer.reason : undefined));
  if (outage.every((reason) => reason instanceof ConnectionError || reason instanceof TimeoutError)) {
    throw outage[0];
  }
  return httpServer;
}

/** One function for each run, so that the kind that was found can be compared with the one that is known. */
function singleRunOf(runId: string, { baseUrl }: ResolvedOptions): CreateServer {
  const key = `${baseUrl} ${runId}`;
  const create = singleRunServers.get(key) ?? ((options) => singleRunServer(options, runId));
  singleRunServers.set(key, create);
  return create;
}

const singleRunServers = new Map<string, CreateServer>();

/** The usual kind of server has every route but those that came later. */
function asNewerRoute(error: HttpError): HttpError {
  const isNewer = /^\/v1\/(approvals|runs\/[^/]+\/signals\/)/.test(error.path);
  if (!isNewer) return error;
  return withCode(error, ownHttpCodes.newerRoute, "older than this route, which came with 0.32");
}

function withCode(error: HttpError, code: string, what: string): HttpError {
  return new HttpError({ ...error, code }, `; the server is ${what}`);
}
