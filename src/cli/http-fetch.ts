import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import type { Fetch } from "../client/index.js";

/**
 * The binary's network, over `node:http`. On Node 20 the first use of the global `fetch` in a process costs about
 * 190 ms, this about 5 ms, and a command in a shell loop pays it every time.
 */
export const httpFetch: Fetch = async (url, { method, headers, body, signal }) => {
  const open = url.startsWith("https:") ? (await import("node:https")).request : httpRequest;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options: RequestOptions = { method, headers, signal };
    // A kept connection may have been closed by the server meanwhile, which looks like a call whose answer was lost. A
    // read is asked again; a decision could not be, so it takes a connection of its own.
    if (method === "POST") options.agent = false;
    const request = open(url, options, resolve);
    request.on("error", reject);
    request.end(body);
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
