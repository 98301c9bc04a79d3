import { request as httpRequest, type ClientRequest, type RequestOptions } from "node:http";
import { isIP, type Socket } from "node:net";
import { ConnectionError, HttpError } from "../../client/index.js";
import { hostOf, portOf, type Proxy } from "./proxy.js";

/** A request that goes through a proxy, ready to send. */
export interface ProxiedRequest {
  readonly request: ClientRequest;
  /**
   * Turns an error of the request into the one to report. Before the request has passed the proxy, it is the proxy's.
   */
  explain(error: NodeJS.ErrnoException): Error;
}

/**
 * Creates a request that goes through a proxy. A request to an https:// server goes through a tunnel, so that the proxy
 * sees neither the key nor what it gives access to. For an http:// server, the proxy is asked for the whole URL, since
 * many proxies open tunnels to port 443 only.
 */
export async function requestThroughProxy(
  proxy: Proxy,
  target: string,
  options: { method: string; headers: Record<string, string>; signal: AbortSignal },
): Promise<ProxiedRequest> {
  const url = new URL(target);
  return url.protocol === "https:"
    ? requestThroughTunnel(proxy, url, options)
    : requestWholeUrl(proxy, url, options);
}

async function requestWholeUrl(
  proxy: Proxy,
  url: URL,
  { method, headers }: { method: string; headers: Record<string, string> },
): Promise<ProxiedRequest> {
  const isSecure = proxy.url.protocol === "https:";
  const host = hostOf(proxy.url);
  const options: RequestOptions & { servername: string } = {
    host,
    port: portOf(proxy.url),
    // By default, Node takes it from the `Host` header, which names the server.
    servername: isIP(host) === 0 ? host : "",
    method,
    path: url.href,
    headers: { ...headers, ...proxy.headers, host: url.host },
    agent: false,
  };
  const request = isSecure ? (await import("node:https")).request(options) : httpRequest(options);
  let isConnected = false;
  request.once("socket", (socket) =>
    socket.once(isSecure ? "secureConnect" : "connect", () => (isConnected = true)),
  );
  const refusals = refusalsOf(proxy, url, method);
  return { request, explain: (error) => (isConnected ? error : refusals.unreachable(error)) };
}

async function requestThroughTunnel(
  proxy: Proxy,
  url: URL,
  { method, headers, signal }: { method: string; headers: Record<string, string>; signal: AbortSignal },
): Promise<ProxiedRequest> {
  const [{ HttpsProxyAgent }, { request: httpsRequest }, { checkServerIdentity }] = await Promise.all([
    import("https-proxy-agent"),
    import("node:https"),
    import("node:tls"),
  ]);
  // Pass the credentials only as a header, since the agent logs its URL if DEBUG says so. The signal ends the wait for
  // a proxy that does not answer; the agent itself would wait forever.
  const agent = new HttpsProxyAgent(proxy.url.origin, { headers: proxy.headers, signal });
  const request = httpsRequest(url, {
    method,
    headers,
    agent,
    // If the server is given by its address, the agent would have the certificate checked against the proxy's name.
    checkServerIdentity: (_, certificate) => checkServerIdentity(hostOf(url), certificate),
  });
  const refusals = refusalsOf(proxy, url, method);
  let isOpen = false;
  let refusal: Error | undefined;
  request.once("proxyConnect", ({ statusCode }: { statusCode: number }) => {
    isOpen = statusCode === 200;
    if (isOpen) return;
    refusal = refusals.refused(statusCode, Object.keys(proxy.headers).length > 0);
    // Otherwise, the proxy's response would pass for the server's.
    request.destroy(refusal);
  });
  // When the signal closes the socket, nothing else listens for its error.
  request.once("proxy", ({ socket }: { socket: Socket }) => socket.on("error", () => {}));
  return {
    request,
    explain(error) {
      if (isOpen) return error;
      if (refusal !== undefined) return refusal;
      const isClosed = error.code === undefined || error.code === "ECONNRESET" || error.code === "EPIPE";
      return isClosed ? refusals.closed(error) : refusals.unreachable(error);
    },
  };
}

/** Creates the errors that say what the proxy did. None of them shows its credentials. */
function refusalsOf(proxy: Proxy, url: URL, method: string) {
  const named = `the proxy ${proxy.name} (${proxy.variable})`;
  const path = url.pathname + url.search;
  const failed = (why: string, networkCode: string, cause?: unknown) =>
    new ConnectionError(`cannot reach ${url.origin}: ${named} ${why} (${method} ${path})`, {
      method,
      path,
      networkCode,
      mayHaveBeenApplied: false,
      cause,
    });
  return {
    unreachable: (error: NodeJS.ErrnoException) =>
      failed(`cannot be reached: ${error.code ?? error.message}`, "PROXY_UNREACHABLE", error),
    closed: (error: NodeJS.ErrnoException) =>
      failed(`closed the connection: ${error.code ?? error.message}`, "PROXY_REFUSED", error),
    refused(status: number, hasCredentials: boolean) {
      if (status !== 407)
        return failed(`answers ${status} to CONNECT ${url.hostname}:${portOf(url)}`, "PROXY_REFUSED");
      return new HttpError({
        status,
        code: "PROXY_AUTHENTICATION_REQUIRED",
        serverMessage: `${named} requires ${hasCredentials ? "other credentials" : "credentials"}`,
        method,
        path,
      });
    },
  };
}
