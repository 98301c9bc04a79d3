import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import type { Fetch, FetchRequest } from "../../client/index.js";
import type { Environment } from "../environment.js";
import { decodeBody } from "./decode-body.js";
import { proxyFor } from "./proxy.js";
import { requestThroughProxy } from "./request-through-proxy.js";

/**
 * Creates the binary's network access, over `node:http` and the proxy that the environment names. On Node 20, the first
 * use of the global `fetch` in a process takes about 190 ms, and this about 5 ms. A command in a shell loop pays that
 * every time.
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
      // No encoding is requested, but some proxies compress anyway.
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
  // Do not pass the signal: node:http would also pass it to the socket, which outlives the request in the connection
  // pool. There, nothing would listen for the error of an abort.
  const open = async (keep: boolean): Promise<ClientRequest> => {
    const start = url.startsWith("https:") ? (await import("node:https")).request : httpRequest;
    return start(url, { method, headers, agent: keep ? undefined : false });
  };
  // The server may have closed a pooled connection in the meantime, which looks like a call whose answer was lost. A
  // read is retried on a new connection. A decision cannot be retried, so it never uses a pooled connection.
  const first = await open(method === "GET");
  try {
    return await answerTo(first, body, signal);
  } catch (error) {
    if (!first.reusedSocket || signal.aborted) throw error;
    return answerTo(await open(false), body, signal);
  }
}

/** Sends the request and waits for the response's head. An abort closes the connection, even while the body is read. */
function answerTo(
  request: ClientRequest,
  body: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined;
    // Once there is a response, it knows whether the connection still belongs to it.
    const abort = () => void (response ?? request).destroy();
    signal.addEventListener("abort", abort, { once: true });
    request
      .on("response", (message: IncomingMessage) => {
        response = message;
        // If the caller does not read the body, nothing else listens for its errors.
        message.on("error", () => {});
        message.once("close", () => signal.removeEventListener("abort", abort));
        resolve(message);
      })
      .on("error", reject)
      .end(body);
    if (signal.aborted) abort();
  });
}
