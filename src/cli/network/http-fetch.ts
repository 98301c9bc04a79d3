import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import type { Fetch, FetchRequest } from "../../client/index.js";
import type { Environment } from "../environment.js";
import { decodeBody } from "./decode-body.js";
import { proxyFor } from "./proxy.js";
import { requestThroughProxy } from "./request-through-proxy.js";

/**
 * The binary's network, over `node:http` and the proxy that the environment names. On Node 20 the first use of the
 * global `fetch` in a process costs about 190 ms, this about 5 ms, and a command in a shell loop pays it every time.
 */
export function httpFetch(env: Environment): Fetch {
  return async (url, request) => {
    const response = await send(url, request, env);
    const encoding = response.headers["content-encoding"];
    return {
      status: response.statusCode ?? 0,
      headers: {
        get: (name) => {
          const value = response.headers[name.toLowerCase()];
          return value === undefined ? null : String(value);
        },
      },
      // No encoding is asked for, but some proxies compress all the same.
      body: encoding === undefined ? response : await decodeBody(response, encoding),
    };
  };
}

async function send(
  url: string,
  { method, headers, body, signal }: FetchRequest,
  env: Environment,
): Promise<IncomingMessage> {
  const proxy = proxyFor(url, env);
  if (proxy !== undefined) {
    const { request, explain } = await requestThroughProxy(proxy, url, { method, headers, signal });
    return answerTo(request, body, signal).catch((error: NodeJS.ErrnoException) => {
      throw explain(error);
    });
  }
  // It is not given the signal: node:http would hand it to the socket as well, which outlives the request in the pool of
  // kept connections, where an abort is an error that nobody listens for.
  const open = async (keep: boolean): Promise<ClientRequest> => {
    const start = url.startsWith("https:") ? (await import("node:https")).request : httpRequest;
    return start(url, { method, headers, agent: keep ? undefined : false });
  };
  // A kept connection may have been closed by the server meanwhile, which looks like a call whose answer was lost. A read
  // is sent again on a new connection; a decision could not be, so it never takes a kept one.
  const first = await open(method === "GET");
  try {
    return await answerTo(first, body, signal);
  } catch (error) {
    if (!first.reusedSocket || signal.aborted) throw error;
    return answerTo(await open(false), body, signal);
  }
}

/** Sends the request and waits for the head of its answer. An abort closes the connection, also while the body is read. */
function answerTo(
  request: ClientRequest,
  body: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined;
    // Once there is a response it knows by itself whether the connection is still its own.
    const abort = () => void (response ?? request).destroy();
    signal.addEventListener("abort", abort, { once: true });
    request
      .on("response", (message: IncomingMessage) => {
        response = message;
        // Where nobody reads the body, nobody else listens for its errors.
        message.on("error", () => {});
        message.once("close", () => signal.removeEventListener("abort", abort));
        resolve(message);
      })
      .on("error", reject)
      .end(body);
    if (signal.aborted) abort();
  });
}
