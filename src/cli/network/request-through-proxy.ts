import { request as httpRequest, type ClientRequest, type RequestOptions } from "node:http";
import { isIP, type Socket } from "node:net";
import { ConnectionError, HttpError } from "../../client/index.js";
import { hostOf, portOf, type Proxy } from "./proxy.js";

/** A request that goes through a proxy, ready to be sent. */
export interface ProxiedRequest {
  readonly request: ClientRequest;
  /** Turns an error of the request into the one to report: while the proxy is not passed yet, it is the proxy's. */
  explain(error: NodeJS.ErrnoException): Error;
}

/**
 * Makes a request that goes through a proxy. One to an https:// server goes through a tunnel, so that the proxy sees
 * neither the key nor what the key opens; for an http:// server the proxy is asked for the whole URL, since many proxies
 * open no tunnel to other ports than 443.
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
    // By default Node takes it from the `Host` header, which names the server.
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
  // The credentials are given as a header alone, since the agent logs its URL where DEBUG asks for that. By the signal a
  // proxy that does not answer is given up; the agent would wait for it.
  const agent = new HttpsProxyAgent(proxy.url.origin, { headers: proxy.headers, signal });
  const request = httpsRequest(url, {
    method,
    headers,
    agent,
    // For a server that is named by its address the agent would have the certificate checked for the proxy's name.
    checkServerIdentity: (_, certificate) => checkServerIdentity(hostOf(url), certificate),
  });
  const refusals = refusalsOf(proxy, url, method);
  let isOpen = false;
  let refusal: Error | undefined;
  request.once("proxyConnect", ({ statusCode }: { statusCode: number }) => {
    isOpen = statusCode === 200;
    if (isOpen) return;
    refusal = refusals.refused(statusCode, Object.keys(proxy.headers).length > 0);
    // Else what the proxy says would be taken for the server's answer.
    request.destroy(refusal);
  });
  // When the signal closes it, nobody else listens for its error.
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

/** The errors that say what the proxy did; none of them shows its credentials. */
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
        serverMessage: `${named} wants ${hasCredentials ? "other credentials" : "credentials"}`,
        method,
        path,
      });
    },
  };
}
