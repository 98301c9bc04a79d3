import type { AddressInfo, Server } from "node:net";

/** The ports that this process has used: what is remembered for an address must not affect the next test. */
const used = new Set<number>();

/** Listens on loopback, on a port that this process has not used before, or on a fixed one once it is free. */
export async function listen(server: Server, port = 0): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await listenOnce(server, port);
    } catch (error) {
      // An outgoing connection may hold a fixed port for a moment.
      if (port === 0 || attempt > 1000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
      continue;
    }
    const { port: given } = server.address() as AddressInfo;
    if (port !== 0 || !used.has(given)) return void used.add(given);
    await new Promise((resolve) => server.close(resolve));
  }
}

function listenOnce(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}
