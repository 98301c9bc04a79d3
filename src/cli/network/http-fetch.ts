import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import type { Fetch } from "../../client/index.js";
import { proxyFor } from "./proxy.js";

/**
 * The binary's network, over `node:http` and the proxy that the environment names. On Node 20 the first use of the
 * global `fetch` in a process costs about 190 ms, this about 5 ms, and a command in a shell loop pays it every time.
 */
export function httpFetch(env: Readonly<Record<string, string | undefined>>): Fetch {
  return async (url, { method, headers, body, signal }) => {
    // A kept connection may have been closed by the server meanwhile, which looks like a call whose answer was lost. A
    // read is asked again; a decision could not be, so it takes a connection of its own.
    const agent = method === "POST" ? false : undefined;
    const proxy = proxyFor(url, env);
    let request: ClientRequest;
    if (proxy !== undefined) {
      const { requestThroughProxy } = await import("./request-through-proxy.js");
      request = await requestThroughProxy(proxy, url, { method, headers, signal });
    } else {
      const open = url.startsWith("https:") ? (await import("node:https")).request : httpRequest;
      request = open(url, { method, headers, signal, agent });
    }
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.on("response", resolve).on("error", reject).end(body);
    });
    return {
      status: response.statusCode ?? 0,
      headers: {
        get: (name) => {
          const value = response.headers[name.toLowerCase()];
          return value === undefined ? null : String(value);
        },
      },
      body: response,
    };
  };
}
