import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { ProtocolServer, type ProtocolServerOptions } from "./protocol-server.js";
import { RawServer, type RawRequest } from "./raw-server.js";
import { StallingLink } from "./stalling-link.js";

/** Registers a cleanup for the end of the test; a concurrent test passes its own function. */
type AtEnd = (end: () => Promise<void>) => void;

/** Starts a {@link RawServer} that ends with the test. */
export async function rawServer(
  answer: (request: RawRequest, socket: Socket, index: number) => void,
  atEnd: AtEnd = onTestFinished,
): Promise<RawServer> {
  const server = await RawServer.start(answer);
  atEnd(() => server.close());
  return server;
}

/** Starts a {@link ProtocolServer} that ends with the test. */
export async function protocolServer(
  options: ProtocolServerOptions = {},
  atEnd: AtEnd = onTestFinished,
): Promise<ProtocolServer> {
  const server = await ProtocolServer.start(options);
  atEnd(() => server.stop());
  return server;
}

/** Starts a {@link StallingLink} to a server, which ends with the test. */
export async function stallingLink(target: string, atEnd: AtEnd = onTestFinished): Promise<StallingLink> {
  const link = await StallingLink.start(target);
  atEnd(() => link.close());
  return link;
}

/** Collects everything that an iterable yields, and the error that it throws. */
export async function gather<T>(items: AsyncIterable<T>): Promise<{ items: T[]; error: unknown }> {
  const gathered: T[] = [];
  try {
    for await (const item of items) gathered.push(item);
    return { items: gathered, error: undefined };
  } catch (error) {
    return { items: gathered, error };
  }
}

/** Returns the error of a call that must fail. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

/**
 * Returns a closed port on which nothing will listen: it is below the ports that the system assigns. A port that a
 * server has just left may be assigned to another test the next moment.
 */
export async function closedPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const socket = connect(port, "127.0.0.1");
    const isRefused = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(false)).once("error", () => resolve(true));
    });
    socket.destroy();
    if (isRefused) return port;
  }
}

/** Makes an event that is unique to its number. */
export function event(
  n: number,
  type = "NodeOutput",
  fields: object = {},
): { type: string; n: number; timestampMs: number } {
  return { type, n, timestampMs: 1000 + n, ...fields };
}

export { sleep } from "./sleep.js";
