import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { gatewayHeaders } from "./gateway-dialect.js";
import { answer, type RawRequest, type RawServer } from "./raw-server.js";
import { rawServer } from "./in-test.js";

/** A response of a real gateway (0.32.0), with its request. */
export interface Recorded {
  /** Method and path, with the query. */
  request: string;
  status: number;
  answer: unknown;
}

const file = new URL("../client/server/recorded-gateway.json", import.meta.url);

/** The responses of a real gateway, by what they are about. */
export const recorded = JSON.parse(readFileSync(file, "utf8")) as Record<string, Recorded>;

/** Makes a response as a gateway sends it. */
export function gatewayAnswer(status: number, body: unknown): Buffer {
  return answer(status, body, gatewayHeaders);
}

/** Returns a recorded response as it goes over the wire. */
export function played(name: string): Buffer {
  const found = recorded[name];
  if (found === undefined) throw new Error(`no answer "${name}" was recorded`);
  return gatewayAnswer(found.status, found.answer);
}

/** Makes a gateway's response to a path that it does not have. */
export function noRoute(path: string): Buffer {
  const error = { code: "NOT_FOUND", message: "Route not found" };
  return gatewayAnswer(404, path.startsWith("/v1/api") ? { ok: false, error } : { error });
}

/** Responds to a request: `undefined` selects the recorded response, `silence` leaves it to the script itself. */
export type Script = (request: RawRequest, route: string, socket: Socket) => Buffer | "silence" | undefined;

/**
 * Starts a server that replays the recorded responses of a real gateway over a real socket, each to the request that it
 * was recorded for, whatever the query. A test's script takes precedence.
 */
export function recordedGateway(script: Script = () => undefined): Promise<RawServer> {
  const answers = new Map<string, Buffer>();
  for (const [name, { request, status }] of Object.entries(recorded)) {
    const route = routeOf(request);
    if (status === 200 && !answers.has(route)) answers.set(route, played(name));
  }
  return rawServer((request, socket) => {
    const route = `${request.method} ${request.path.replace(/\?.*/, "")}`;
    const said = script(request, route, socket) ?? answers.get(route) ?? noRoute(request.path);
    if (said !== "silence") socket.end(said);
  });
}

function routeOf(request: string): string {
  return request.replace(/\?.*/, "");
}
