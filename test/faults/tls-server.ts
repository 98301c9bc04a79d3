import { once } from "node:events";
import { request, type IncomingHttpHeaders } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Certificate } from "./certificate.js";
import { listen } from "./listen.js";

/** TLS in front of a server on loopback. */
export class TlsServer {
  /** The headers of each request. */
  readonly seen: IncomingHttpHeaders[] = [];
  readonly #server: Server;

  private constructor(upstream: string, certificate: Certificate) {
    this.#server = createServer(certificate, (incoming, outgoing) => {
      this.seen.push(incoming.headers);
      const { method, headers, url = "" } = incoming;
      const onward = request(upstream + url, { method, headers, agent: false }, (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        outgoing.flushHeaders();
        response.on("error", () => outgoing.destroy()).pipe(outgoing);
      });
      onward.on("error", () => outgoing.destroy());
      outgoing.on("close", () => onward.destroy());
      incoming.pipe(onward);
    });
  }

  static async start(upstream: string, certificate: Certificate): Promise<TlsServer> {
    const tls = new TlsServer(upstream, certificate);
    await listen(tls.#server);
    return tls;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
