import { BlockList, isIP } from "node:net";
import { ArgumentError } from "../../client/index.js";
import type { Environment } from "../environment.js";

/** A proxy that the environment names. */
export interface Proxy {
  readonly url: URL;
  /** Its address, without the credentials that its URL may contain. */
  readonly name: string;
  /** The environment variable that names it. */
  readonly variable: string;
  /** The headers to send with each request: the credentials, if the URL has any. */
  readonly headers: Record<string, string>;
}

/**
 * Returns the proxy for a URL, according to `HTTPS_PROXY` or `HTTP_PROXY` and `NO_PROXY`; `undefined` if none applies.
 * As in curl, the lowercase names take precedence. Plain http to this machine uses no proxy, since servers run here by
 * default and a proxy elsewhere could not reach them.
 *
 * The package proxy-from-env reads the process's own environment, and its NO_PROXY supports neither networks nor,
 * unlike curl's, the subdomains of a host.
 *
 * @throws {ArgumentError} if a variable is not the URL of an HTTP proxy
 */
export function proxyFor(target: string, env: Environment): Proxy | undefined {
  const url = new URL(target);
  const upper = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const variable = env[upper.toLowerCase()] ? upper.toLowerCase() : upper;
  const value = env[variable];
  // In a CGI program, HTTP_PROXY is the request's `Proxy:` header, which any client can send.
  if (!value || (variable === "HTTP_PROXY" && env["REQUEST_METHOD"] !== undefined)) return undefined;
  const isLocal = url.protocol === "http:" && isThisMachine(url);
  if (isLocal || isExempt(url, env["no_proxy"] || env["NO_PROXY"] || "")) return undefined;
  return parseProxy(value, variable);
}

/** Whether a URL's host is this machine. */
export function isThisMachine({ hostname }: URL): boolean {
  return /^(127\.\d+\.\d+\.\d+|\[::1\]|(.+\.)?localhost\.?)$/.test(hostname);
}

/** Returns a URL's host as sockets take it: without the brackets around an IPv6 address. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** Returns a URL's port, or its protocol's default port. */
export function portOf({ port, protocol }: URL): number {
  return Number(port || (protocol === "https:" ? 443 : 80));
}

function parseProxy(value: string, variable: string): Proxy {
  // Do not repeat the value: it may contain a password.
  const wrong = (why: string) => new ArgumentError(variable, `${variable} ${why}`);
  let url: URL;
  let credentials: string;
  try {
    url = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`);
    credentials = decodeURIComponent(`${url.username}:${url.password}`);
  } catch {
    throw wrong("is not a URL; it should look like http://proxy.example:3128");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw wrong(`names a ${url.protocol}// proxy, which is not supported; use http:// or https://`);
  }
  const authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
  const headers: Record<string, string> = credentials === ":" ? {} : { "Proxy-Authorization": authorization };
  return { url, name: url.origin, variable, headers };
}

/**
 * Whether `NO_PROXY` exempts a URL. It lists hosts, which include their subdomains, addresses, networks such as
 * `10.0.0.0/8`, or `*`. Each may have a port.
 */
function isExempt(url: URL, list: string): boolean {
  const host = hostOf(url).toLowerCase().replace(/\.$/, "");
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const [, name = "", port] = /^(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (name === "" || (port !== undefined && Number(port) !== portOf(url))) return false;
      if (name === "*") return true;
      if (name.includes("/")) return isWithin(host, name);
      const bare = name.replace(/^\[|\]$/g, "").replace(/^\*?\./, "");
      return host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`));
    });
}

function isWithin(host: string, network: string): boolean {
  const [address = "", bits] = network.replace(/[[\]]/g, "").split("/");
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family) return false;
  const kind = family === 4 ? "ipv4" : "ipv6";
  const networks = new BlockList();
  try {
    networks.addSubnet(address, Number(bits), kind);
  } catch {
    return false;
  }
  return networks.check(host, kind);
}
