import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { Certificate } from "./certificate.js";
import { listen } from "./listen.js";

export interface ForwardProxyOptions {
  /** The `user:password` that it requires. */
  credentials?: string;
  /** The certificate for TLS. Default: no TLS. */
  certificate?: Certificate;
  /** The status of its response to every CONNECT. Default: it opens the tunnel. */
  refuseWith?: number;
  /** Whether it never responds. */
  isSilent?: boolean;
}

/** An HTTP proxy that resolves every host name to this machine. */
export class ForwardProxy {
  /** The requests that it received: `CONNECT host:port` or `GET http://…`. */
  readonly asked: string[] = [];
  /** Every byte that it received, including those in tunnels. */
  received = "";
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #protocol: string;

  private constructor({ credentials, certificate, refuseWith, isSilent }: ForwardProxyOptions) {
    const wanted = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
    this.#protocol = certificate ? "https" : "http";
    this.#server = certificate ? createTlsServer(certificate) : createServer();
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
      socket.on("data", (chunk) => (this.received += chunk.toString("latin1")));
    });
    this.#server.on("request", (incoming, outgoing) => {
      this.asked.push(`${incoming.method} ${incoming.url}`);
      if (isSilent) return;
      const { "proxy-authorization": given, ...headers } = incoming.headers;
      if (wanted && given !== wanted) return void outgoing.writeHead(407).end("credentials, please");
      const url = new URL(incoming.url ?? "");
      url.hostname = "127.0.0.1";
      const onward = request(url, { method: incoming.method, headers, agent: false }, (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(outgoing);
      });
      onward.on("error", () => outgoing.destroy());
      incoming.pipe(onward);
    });
    this.#server.on("connect", (incoming, socket: Socket) => {
      this.asked.push(`CONNECT ${incoming.url}`);
      if (isSilent) return void socket.resume().on("end", () => socket.destroy());
      const status = wanted && incoming.headers["proxy-authorization"] !== wanted ? 407 : refuseWith;
      if (status !== undefined) return void socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
      const onward = connect(Number(incoming.url?.split(":").at(-1)), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
      onward.on("error", () => socket.destroy()).on("close", () => socket.destroy());
      socket.on("error", () => {}).on("close", () => onward.destroy());
    });
  }

  static async start(options: ForwardProxyOptions = {}): Promise<ForwardProxy> {
    const proxy = new ForwardProxy(options);
    await listen(proxy.#server);
    return proxy;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Returns its URL, with these credentials. */
  url(credentials?: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#protocol}://${credentials ? `${credentials}@` : ""}127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
