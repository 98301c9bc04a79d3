import type { Connection } from "./connection.js";
import { HttpError } from "./errors/http-error.js";
import { exchange } from "./exchange.js";
import { healthPath, oneRunStatus, type Route } from "./routes.js";

/**
 * Sends a request, and where the server has no such route, finds out what it is. A server of one run
 * (`smithers up --serve`) has the most of them in another place, and is asked there, where it is the run meant.
 *
 * @throws {HttpError} with `code` `ONE_RUN_SERVER` (`details.runId` is its run), `GATEWAY`, or `NEWER_ROUTE` where the
 *   server is older than the route
 */
export async function sendWhereItIs<T>(
  connection: Connection,
  route: Route,
  send: (route: Route) => Promise<T>,
): Promise<T> {
  try {
    return await send(route);
  } catch (error) {
    if (!isRouteMissing(error)) throw error;
    return send(await routeInstead(connection, route, error));
  }
}

function isRouteMissing(error: unknown): error is HttpError {
  return (
    error instanceof HttpError &&
    error.status === 404 &&
    error.code === "NOT_FOUND" &&
    error.serverMessage === "Route not found"
  );
}

async function routeInstead(connection: Connection, route: Route, error: HttpError): Promise<Route> {
  const ask = (path: string) => exchange(connection, { method: "GET", path }).catch(() => undefined);
  const answers = await Promise.all([ask(oneRunStatus), ask(healthPath)]);
  connection.signal?.throwIfAborted();
  const [root, health] = answers.map((answer) => (answer ?? {}) as Record<string, unknown>);
  const name = (code: string, what: string, details = error.details) =>
    new HttpError({ ...error, code, details }, `; the server is ${connection.redact(what)}`);

  const runId = root?.["runId"];
  if (typeof runId === "string" && typeof root?.["status"] === "string") {
    const { onOneRun, ...rest } = route;
    if (onOneRun?.runId === runId) return { ...rest, path: onOneRun.path };
    const what = `run ${runId}'s own (smithers up --serve): it tells of it, decides its gates and cancels it, no more`;
    throw name("ONE_RUN_SERVER", what, { runId: connection.redact(runId) });
  }
  if (typeof health?.["protocol"] === "number") {
    const { version = "" } = (health["identity"] ?? {}) as { version?: string };
    throw name("GATEWAY", `a Smithers gateway (${version}), whose interface is another one, under /v1/api`);
  }
  if (route.since === undefined) throw error;
  throw name("NEWER_ROUTE", `older than this route, which came with ${route.since}`);
}
