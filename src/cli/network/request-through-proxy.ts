import { request as httpRequest, type ClientRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { ConnectionError, HttpError } from "../../client/index.js";
import { hostOf, portOf, type Proxy } from "./proxy.js";

/**
 * A request to be sent through a proxy: over a tunnel that the proxy opens where it is https, so that the proxy sees
 * neither the key nor what it opens; else by asking the proxy for the whole URL.
 *
 * @throws {HttpError} 407 where the proxy wants credentials
 * @throws {ConnectionError} where it cannot be reached, or opens no tunnel
 */
export async function requestThroughProxy(
  proxy: Proxy,
  target: string,
  options: { method: string; headers: Record<string, string>; signal: AbortSignal },
): Promise<ClientRequest> {
  const url = new URL(target);
  const named = `the proxy ${proxy.name} (${proxy.variable})`;
  const { method } = options;
  const path = url.pathname + url.search;
  const failed = (why: string, networkCode: string, cause?: unknown) =>
    new ConnectionError(`cannot reach ${url.origin}: ${named} ${why} (${method} ${path})`, {
      method,
      path,
      networkCode,
      mayHaveBeenApplied: false,
      cause,
    });

  const socket = await connectTo(proxy, options.signal).catch((error: NodeJS.ErrnoException) => {
    throw failed(`cannot be reached: ${error.code ?? error.message}`, "PROXY_UNREACHABLE", error);
  });
  if (url.protocol === "http:") {
    return httpRequest({
      method,
      path: target,
      headers: { ...options.headers, ...proxy.headers, host: url.host },
      createConnection: () => socket,
    });
  }

  const authority = `${url.hostname}:${portOf(url)}`;
  const { status, tunnel } = await openTunnel(socket, authority, proxy.headers).catch(
    (error: NodeJS.ErrnoException) => {
      throw failed(`closed the connection: ${error.code ?? error.message}`, "PROXY_REFUSED", error);
    },
  );
  if (status === 200) {
    const host = hostOf(url);
    const createConnection = () => connectTls({ socket: tunnel, host, servername: serverName(host) });
    return httpsRequest(url, { method, headers: options.headers, createConnection });
  }
  tunnel.destroy();
  if (status !== 407) throw failed(`answers ${status} to CONNECT ${authority}`, "PROXY_REFUSED");
  const wants = Object.keys(proxy.headers).length === 0 ? "credentials" : "other credentials";
  throw new HttpError({
    status,
    code: "PROXY_AUTHENTICATION_REQUIRED",
    serverMessage: `${named} wants ${wants}`,
    method,
    path,
  });
}

function connectTo({ url }: Proxy, signal: AbortSignal): Promise<Socket> {
  const isTls = url.protocol === "https:";
  const host = hostOf(url);
  const port = portOf(url);
  const socket = isTls
    ? connectTls({ host, port, servername: serverName(host) })
    : connectPlain({ host, port });
  // It stays, so that no error of the socket is ever without a listener.
  socket.on("error", () => {});
  const abort = () => void socket.destroy();
  signal.addEventListener("abort", abort, { once: true });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("close", () => {
      signal.removeEventListener("abort", abort);
      reject(new Error("closed"));
    });
    socket.once(isTls ? "secureConnect" : "connect", () => resolve(socket));
    if (signal.aborted) abort();
  });
}

/** Asks the proxy for a connection to `authority`, which then is the `tunnel`. */
function openTunnel(
  socket: Socket,
  authority: string,
  headers: Record<string, string>,
): Promise<{ status: number; tunnel: Socket }> {
  return new Promise((resolve, reject) => {
    httpRequest({
      method: "CONNECT",
      path: authority,
      headers: { ...headers, host: authority },
      createConnection: () => socket,
    })
      .on("connect", ({ statusCode = 0 }, tunnel: Socket) => resolve({ status: statusCode, tunnel }))
      .on("error", reject)
      .end();
  });
}

/** What a certificate is asked for: an address is no name. */
function serverName(host: string): string {
  return isIP(host) === 0 ? host : "";
}
