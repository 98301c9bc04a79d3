import { HttpError } from "../errors/http-error.js";
import { ProtocolError } from "../errors/protocol-error.js";
import { requestJson, type HttpRequest } from "../http/request.js";
import type { ResolvedOptions } from "../options.js";

/** Sends requests to a Smithers gateway, and unwraps the envelopes around its answers. */
export interface GatewayCalls {
  /** Paths are relative to `/v1/api`. */
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  /** For methods without a path of their own. Rejects texts over 16 KiB, which the paths accept. */
  rpc(method: string, parameters: unknown): Promise<unknown>;
}

export function gatewayCalls(options: ResolvedOptions): GatewayCalls {
  const send = async (request: HttpRequest, content: string): Promise<unknown> => {
    try {
      return unwrap(await requestJson(options, request), content, request);
    } catch (error) {
      throw withAdvice(error);
    }
  };
  return {
    get: (path) => send({ method: "GET", path: `/v1/api${path}` }, "data"),
    post: (path, body) => send({ method: "POST", path: `/v1/api${path}`, body }, "data"),
    rpc: (method, body) => send({ method: "POST", path: `/v1/rpc/${method}`, body }, "payload"),
  };
}

/** Returns the contents of an envelope such as `{"ok": true, "data": …}`. */
function unwrap(answer: unknown, content: string, { method, path }: HttpRequest): unknown {
  const { ok, [content]: value } = (answer ?? {}) as Record<string, unknown>;
  if (ok === true && value !== undefined) return value;
  throw new ProtocolError(
    `the answer has no "${content}" in it (${method} ${path}); is this a Smithers gateway?`,
    { mayHaveBeenApplied: method !== "GET" },
  );
}

/**
 * Adds advice to a 401 about the `Host` or `Origin`. A wrong token is a 401 too, so users would not suspect the
 * address.
 */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof HttpError) || error.status !== 401) return error;
  if (!/^(Host|Origin) /i.test(error.serverMessage)) return error;
  const advice = "a gateway without a token answers only to localhost and 127.0.0.1";
  return new HttpError({ ...error, code: error.code }, `; ${advice}`);
}
