/*
 * A separate program, run by Bun, that starts the Smithers server that the project has installed. Its only argument is
 * a ServerSettings as JSON. It reports over IPC with a ServerReport, and exits when that channel closes, so that no
 * server outlives the process that started it.
 */
import { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join, resolve } from "node:path";
// eslint-disable-next-line no-restricted-imports -- it is a process of its own
import process from "node:process";
import { pathToFileURL } from "node:url";

/** The settings of the server process. The token is passed in the environment, so that `ps` does not show it. */
export interface ServerSettings {
  /** The file behind `smithers-orchestrator/server`. */
  entry: string;
  root: string;
  /** 0 picks a free port. */
  port: number;
  /** The file that the server and the workflows share. */
  database: string;
  /** Whether the server itself keeps a database, and so a list of runs. */
  listsRuns: boolean;
}

/** What the server process reports about its start. */
export type ServerReport = { port: number } | { error: string; code?: string };

interface Sqlite {
  Database: new (file?: string, ...rest: unknown[]) => object;
}
interface ServerModule {
  startServer: (options: object) => Server;
}

const loopback = "127.0.0.1";

function report(message: ServerReport): void {
  process.send?.(message);
}

/**
 * Makes a workflow that opens its default database open `database` instead. `createSmithers` opens `smithers.db` in the
 * working directory (newer versions: in a parent that has a `.smithers`), and the engine would never see a decision
 * that the server writes to another file.
 */
function shareDatabase(sqlite: Sqlite, database: string): void {
  const defaults = new Set<string>();
  for (
    let directory = process.cwd();
    !defaults.has(join(directory, "smithers.db"));
    directory = dirname(directory)
  ) {
    defaults.add(join(directory, "smithers.db"));
  }
  const { Database } = sqlite;
  sqlite.Database = class extends Database {
    constructor(file?: string, ...rest: unknown[]) {
      super(file !== undefined && defaults.has(resolve(file)) ? database : file, ...rest);
    }
  };
}

/** Calls `start`, and makes every server that starts listening during the call use the loopback interface. */
function onLoopback<Result>(port: number, start: () => Result): Result {
  // Older servers call `listen(port)`, which listens on every interface, and have no option to change that.
  const prototype: { listen?: unknown } = Server.prototype;
  const own = Object.getOwnPropertyDescriptor(prototype, "listen");
  const listen = prototype.listen as (...args: unknown[]) => Server;
  prototype.listen = function (this: Server, ...args: unknown[]) {
    const listener = args.filter((arg) => typeof arg === "function");
    return listen.call(this, port, loopback, ...listener);
  };
  try {
    return start();
  } finally {
    if (own) Object.defineProperty(prototype, "listen", own);
    else delete prototype.listen;
  }
}

async function serve({ entry, root, port, database, listsRuns }: ServerSettings): Promise<void> {
  const require = createRequire(entry);
  const sqlite = require("bun:sqlite") as Sqlite;
  shareDatabase(sqlite, database);
  const { drizzle } = (await import(require.resolve("drizzle-orm/bun-sqlite"))) as {
    drizzle: (options: object) => object;
  };
  const { startServer } = (await import(pathToFileURL(entry).href)) as ServerModule;
  const db = listsRuns ? drizzle({ client: new sqlite.Database(database) }) : undefined;
  const authToken = process.env["SMITHERS_API_KEY"] || undefined;
  const server = onLoopback(port, () => startServer({ port, host: loopback, db, rootDir: root, authToken }));
  server.on("error", fail);
  if (!server.listening) await new Promise<void>((done) => server.once("listening", done));
  const bound = server.address() as AddressInfo;
  if (bound.address !== loopback) throw new Error(`the server took ${bound.address} instead of ${loopback}`);
  report({ port: bound.port });
}

function fail(error: unknown): void {
  const { message, code } = error as NodeJS.ErrnoException;
  report({ error: message ?? String(error), ...(code && { code }) });
  process.exitCode = 1;
  // Leave time to send the report. Once its reader closes the channel, the process exits.
  setTimeout(() => process.exit(1), 1_000);
}

/** Ends this process and what the workflows started in it. */
function end(): void {
  process.off("SIGTERM", end);
  process.on("SIGTERM", () => {});
  try {
    process.kill(-process.pid, "SIGTERM");
  } catch {
    // This process has no process group of its own, so there is nothing else to end.
  }
  process.exit();
}

process.on("SIGTERM", end);
process.on("disconnect", end);
serve(JSON.parse(process.argv[2] ?? "{}") as ServerSettings).catch(fail);
