import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { createClient, type SmithersEvent } from "../../src/client/index.js";
import { freshId, runBinary as cli, startCli } from "../cli/run-cli.js";
import { closedPort, sleep } from "../faults/in-test.js";
import { sharedServer } from "../shared-server.js";
import { waitUntil } from "../wait-until.js";

const target = sharedServer.baseUrl;
const client = createClient({ baseUrl: target });

/** The table that is printed at the end: how many events of the log each case received, and how it ended. */
const table: string[][] = [];
afterAll(() => {
  const rows = [["case", "told, of the log", "exit code"], ["---", "---", "---"], ...table];
  console.log(rows.map((row) => `| ${row.join(" | ")} |`).join("\n"));
});

/** A link to the gateway that breaks connections and can go down. */
class Link {
  isAway = false;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  /** @param breaks called with each part of a response; true resets the connection instead of forwarding the part */
  constructor(breaks: (part: Buffer, socket: Socket) => boolean = () => false) {
    this.#server = createServer((socket) => {
      if (this.isAway) return void socket.resetAndDestroy();
      const upstream = connect(Number(new URL(target).port), "127.0.0.1");
      for (const each of [socket, upstream]) {
        this.#sockets.add(each);
        each.on("error", () => {});
        each.on("close", () => {
          this.#sockets.delete(each);
          socket.destroy();
          upstream.destroy();
        });
      }
      socket.pipe(upstream);
      upstream.on("data", (part: Buffer) => {
        if (breaks(part, socket)) socket.resetAndDestroy();
        else socket.write(part);
      });
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resets all open connections. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.reset();
    this.#server.close();
  }
}

async function logOf(runId: string): Promise<SmithersEvent[]> {
  const answer = await fetch(`${target}/v1/api/runs/${runId}/events?limit=100000`);
  return ((await answer.json()) as { data: { payload: SmithersEvent }[] }).data.map(({ payload }) => payload);
}

async function start(input: object): Promise<string> {
  const runId = freshId("case");
  await client.runWorkflow({ workflowPath: "load", input, runId });
  await waitUntil(() => client.getStatus({ runId }).catch(() => undefined));
  return runId;
}

const linesOf = (stdout: string) =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as SmithersEvent);

/** Follows a run to its end, over whatever link, and compares the received events with the gateway's own log. */
async function follow(name: string, baseUrl: string, runId: string): Promise<void> {
  const { stdout, exitCode } = await startCli(["watch", runId, "--json"], { baseUrl });
  const told = linesOf(stdout);
  const log = await logOf(runId);
  table.push([name, `${told.length} of ${log.length}`, String(exitCode)]);
  expect(told).toEqual(log);
  expect(exitCode).toBe(0);
}

describe("following over a link that breaks", () => {
  test("gets all of 500 events if the link does not break", async () => {
    await follow("undisturbed", target, await start({ tasks: 100 }));
  });

  test("gets all events if the connection is reset after every 50 events", async () => {
    const counts = new WeakMap<Socket, number>();
    const link = new Link((part, socket) => {
      const count = (counts.get(socket) ?? 0) + part.toString("latin1").split('"payload":').length - 1;
      counts.set(socket, count);
      return count > 50;
    });
    await follow("connection reset after every 50 events", await link.open(), await start({ tasks: 100 }));
    link.close();
  });

  test("gets all events if the connection is reset every 2 s", async () => {
    const link = new Link();
    const baseUrl = await link.open();
    const runId = await start({ tasks: 100, ms: 600 });
    const timer = setInterval(() => link.reset(), 2000);
    await follow("connection reset every 2 s", baseUrl, runId).finally(() => clearInterval(timer));
    link.close();
  });

  test("gets all events if the gateway is away for 8 s in which the run ends", async () => {
    const link = new Link();
    const baseUrl = await link.open();
    const runId = await start({ tasks: 100, ms: 400 });
    const following = follow("away for 8 s, the run ends meanwhile", baseUrl, runId);
    await waitUntil(async () => ((await client.getStatus({ runId })).summary["finished"] ?? 0) > 30);
    link.isAway = true;
    link.reset();
    await waitUntil(async () => (await client.getStatus({ runId })).status === "finished", 60_000);
    await sleep(8000);
    link.isAway = false;
    await following;
    link.close();
  });

  test("attaches to a finished run of 2,000 events", async () => {
    const runId = await start({ tasks: 420, ms: 1 });
    await waitUntil(async () => (await client.getStatus({ runId })).status === "finished", 100_000);
    await follow("attach to a finished run", target, runId);
  });

  test("fails for an unknown run and for a wrong address", async () => {
    const unknown = await cli(["watch", "nobody"]);
    const wrong = await cli(["watch", "nobody"], { baseUrl: `http://127.0.0.1:${await closedPort()}` });
    const code = (stderr: string) => /^error: (\w+)/.exec(stderr)?.[1] ?? stderr.split("\n")[0] ?? "";
    table.push(["unknown run", code(unknown.stderr), String(unknown.exitCode)]);
    table.push(["wrong address", code(wrong.stderr), String(wrong.exitCode)]);
    expect([unknown.exitCode, wrong.exitCode]).toEqual([4, 5]);
  });
});
