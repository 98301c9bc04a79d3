import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { gatewayHeaders } from "./gateway-dialect.js";
import { answer, type RawRequest, type RawServer } from "./raw-server.js";
import { rawServer } from "./in-test.js";

/** An answer of a real gateway (0.32.0), with the request that it answers. */
export interface Recorded {
  /** Method and path, with the query. */
  request: string;
  status: number;
  answer: unknown;
}

const file = new URL("../client/server/recorded-gateway.json", import.meta.url);

/** Answers of a real gateway, by what they are about. */
export const recorded = JSON.parse(readFileSync(file, "utf8")) as Record<string, Recorded>;

/** An answer as a gateway gives it. */
export function gatewayAnswer(status: number, body: unknown): Buffer {
  return answer(status, body, gatewayHeaders);
}

/** A recorded answer as it goes over the wire. */
export function played(name: string): Buffer {
  const found = recorded[name];
  if (found === undefined) throw new Error(`no answer "${name}" was recorded`);
  return gatewayAnswer(found.status, found.answer);
}

/** What a gateway answers to a path that it does not have. */
export function noRoute(path: string): Buffer {
  const error = { code: "NOT_FOUND", message: "Route not found" };
  return gatewayAnswer(404, path.startsWith("/v1/api") ? { ok: false, error } : { error });
}

/** Says what a request is answered; undefined leaves it to the recorded answers, `silence` to the script itself. */
export type Script = (request: RawRequest, route: string, socket: Socket) => Buffer | "silence" | undefined;

/**
 * A server that plays the recorded answers of a real gateway, over a real socket: each to the request that it was recorded
 * for, with whatever query. A test's script comes first.
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
