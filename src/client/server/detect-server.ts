import { ConnectionError } from "../errors/connection-error.js";
import { HttpError, isOwnHttpCode, isRouteMissing, ownHttpCodes } from "../errors/http-error.js";
import { TimeoutError } from "../errors/timeout-error.js";
import { requestJson } from "../http/request.js";
import type { ResolvedOptions } from "../options.js";
import { gatewayServer } from "./gateway.js";
import { httpServer } from "./http-server.js";
import { EncodedIdError } from "./ids.js";
import type { ServerApi } from "./server-api.js";
import { singleRunServer } from "./single-run-server.js";

type CreateServer = (options: ResolvedOptions) => ServerApi;

/** The kind of server at each base URL, once a call has shown it. */
const detected = new Map<string, CreateServer>();

/**
 * Makes a call to a server of any kind. Assumes the usual kind until a server answers that it has no such route, or the
 * call needs another kind. Then detects the kind, and remembers it for the base URL.
 *
 * @throws {HttpError} with `code` `ONE_RUN_SERVER` (`details.runId` is its run), `NEEDS_GATEWAY`, `GATEWAY` if it is a
 *   gateway whose API this library does not support, or `NEWER_ROUTE` if the server is older than the route
 */
export async function withServer<T>(
  options: ResolvedOptions,
  call: (server: ServerApi) => Promise<T>,
): Promise<T> {
  const assumed = detected.get(options.baseUrl) ?? httpServer;
  let refusal: unknown;
  try {
    const answer = await call(assumed(options));
    detected.set(options.baseUrl, assumed);
    return answer;
  } catch (error) {
    if (!mayBeAnotherKind(error, options)) {
      if (isAnswerOfServer(error)) detected.set(options.baseUrl, assumed);
      throw error;
    }
    refusal = error;
  }
  const found = await detectServer(options, refusal);
  detected.set(options.baseUrl, found);
  if (found === assumed) throw await explainRefusal(refusal, found, options);
  try {
    return await call(found(options));
  } catch (error) {
    throw await explainRefusal(error, found, options);
  }
}

/** Returns the server at the base URL; `undefined` if no earlier call has shown its kind. */
export function knownServer(options: ResolvedOptions): ServerApi | undefined {
  return detected.get(options.baseUrl)?.(options);
}

/**
 * Whether the error means that the server keeps no list of open approvals: it is too old, serves a single run, or has
 * no database.
 */
export function hasNoApprovalList({ code }: HttpError): boolean {
  return [ownHttpCodes.newerRoute, ownHttpCodes.oneRunServer, "DB_NOT_CONFIGURED"].includes(code);
}

/** Whether a server of the assumed kind refused the call, rather than a proxy in front of it. */
function isAnswerOfServer(error: unknown): boolean {
  return error instanceof HttpError && !isOwnHttpCode(error.code) && !isFromGateway(error);
}

/** Whether the server may be of another kind: it has no such route, or the assumed kind does not support the call. */
function mayBeAnotherKind(error: unknown, { baseUrl }: ResolvedOptions): boolean {
  // The id was rejected before sending, by the rules of the assumed kind.
  if (error instanceof EncodedIdError) return !detected.has(baseUrl);
  const codes: string[] = [ownHttpCodes.oneRunServer, ownHttpCodes.needsGateway];
  return isRouteMissing(error) || (error instanceof HttpError && codes.includes(error.code));
}

/**
 * Detects the kind of a server that refused a call. A gateway identifies itself in a header of every answer, but a
 * proxy may have removed it.
 *
 * @throws {ConnectionError | TimeoutError} if the server cannot be reached
 */
async function detectServer(options: ResolvedOptions, refusal: unknown): Promise<CreateServer> {
  if (isFromGateway(refusal)) return gatewayServer;
  const ask = (path: string) => requestJson(options, { method: "GET", path });
  const answers = await Promise.allSettled([ask("/"), ask("/health")]);
  options.signal?.throwIfAborted();
  const [root, health] = answers.map((answer) =>
    answer.status === "fulfilled" ? ((answer.value ?? {}) as Record<string, unknown>) : {},
  );
  const errors = answers.map((answer): unknown => (answer.status === "rejected" ? answer.reason : undefined));
  if (errors.some(isFromGateway) || typeof health?.["protocol"] === "number") return gatewayServer;
  const runId = root?.["runId"];
  if (typeof runId === "string" && typeof root?.["status"] === "string") return singleRunOf(runId, options);
  // An outage says nothing about the kind of server.
  if (errors.every((error) => error instanceof ConnectionError || error instanceof TimeoutError)) {
    throw errors[0];
  }
  return httpServer;
}

function isFromGateway(error: unknown): boolean {
  return error instanceof HttpError && error.apiVersion !== undefined;
}

/** Returns the refusal of a server whose kind is known, with the reason for it if that is known too. */
async function explainRefusal(
  refusal: unknown,
  kind: CreateServer,
  options: ResolvedOptions,
): Promise<unknown> {
  if (!isRouteMissing(refusal)) return refusal;
  if (kind !== gatewayServer) return asNewerRoute(refusal);
  const health = await requestJson(options, { method: "GET", path: "/health" }).catch(() => undefined);
  const { version } = ((health as { identity?: object } | undefined)?.identity ?? {}) as {
    version?: unknown;
  };
  const name = typeof version === "string" ? `a Smithers gateway (${version})` : "a Smithers gateway";
  const what = `${name} without this route; this library speaks what 0.32 has under /v1/api`;
  return withCode(refusal, ownHttpCodes.gateway, options.redact(what));
}

/** Returns the same function each time for a run, so that the detected kind can be compared with the known one. */
function singleRunOf(runId: string, { baseUrl }: ResolvedOptions): CreateServer {
  const key = `${baseUrl} ${runId}`;
  const create = singleRunServers.get(key) ?? ((options) => singleRunServer(options, runId));
  singleRunServers.set(key, create);
  return create;
}

const singleRunServers = new Map<string, CreateServer>();

/** Explains a missing route. The usual kind of server has every route except those that were added later. */
function asNewerRoute(error: HttpError): HttpError {
  const isNewer = /^\/v1\/(approvals|runs\/[^/]+\/signals\/)/.test(error.path);
  if (!isNewer) return error;
  return withCode(error, ownHttpCodes.newerRoute, "older than this route, which came with 0.32");
}

function withCode(error: HttpError, code: string, what: string): HttpError {
  return new HttpError({ ...error, code }, `; the server is ${what}`);
}
