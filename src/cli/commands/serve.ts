import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, HttpError } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { UsageError } from "../usage-error.js";
import { Interrupted, type Context } from "../context.js";
import { isDirectory, resolvePath } from "../args/resolve-path.js";
import { findInstallation } from "../serve/find-installation.js";
import { serveGateway } from "../serve/serve-gateway.js";
import { orAborted, ServerError, startServer } from "../serve/start-server.js";
import { writeExample } from "../serve/write-example.js";
import type { ServerSettings } from "../serve/server-process.js";
import { escapeControls } from "../terminal/escape-controls.js";

interface ServeOptions {
  port?: number;
  root?: string;
  db?: string | boolean;
  example?: boolean;
  gateway?: boolean;
}

/** The server's own default port. */
const defaultPort = 7331;

export const serve = defineCommand<ServeOptions>({
  syntax: "serve",
  summary: "Start a server on this machine",
  description: "Start a Smithers server that only this machine can reach, until Ctrl-C.",
  options: [
    {
      flags: "--port <n>",
      description: `the port; 0 takes a free one (default: ${defaultPort})`,
      parse: parsePort,
    },
    { flags: "--root <dir>", description: "the directory of the workflows (default: the working directory)" },
    {
      flags: "--db <file>",
      description: "the database of the server and the workflows (default: smithers.db in the root)",
    },
    {
      flags: "--no-db",
      description: "keep no list of runs; the workflows still use their database",
    },
    {
      flags: "--example",
      description: "first write deploy.tsx, a workflow that needs no model, if it does not exist",
    },
    {
      flags: "--gateway",
      description: "start a Smithers gateway instead, for .smithers/workflows/ (0.32 or newer)",
    },
  ],
  examples: [
    "serve --example",
    "serve --port 8080 --root ./workflows --db ./runs.db",
    "serve --gateway --root ./project",
  ],

  check({ options: { gateway, db, example } }) {
    if (gateway !== true) return;
    const flag = db === false ? "--no-db" : db !== undefined ? "--db" : example ? "--example" : undefined;
    if (flag !== undefined) throw new UsageError(`${flag} cannot be used with --gateway`);
  },

  async execute({ options }, session) {
    const { context, signal } = session;
    const root = resolvePath(options.root ?? ".", context);
    if (!isDirectory(root)) throw new UsageError(`--root: there is no directory ${escapeControls(root)}`);
    if (options.gateway === true) return serveGateway(root, options.port ?? defaultPort, session);
    const database =
      typeof options.db === "string" ? readDatabase(options.db, context) : join(root, "smithers.db");
    const { entry, bun } = install([root, context.cwd ?? root, ownDirectory], context.env["PATH"]);
    const port = options.port ?? defaultPort;
    const settings: ServerSettings = { entry, root, port, database, listsRuns: options.db !== false };

    try {
      const onLine = (line: string): void => session.note(session.stderrStyle.dim(escapeControls(line)));
      const starting = startServer({ bun, settings, apiKey: session.apiKey, signal, onLine }, context);
      const server = await session.waitFor("starting the server", starting);
      try {
        const ready = orAborted(Promise.race([answering(server.baseUrl), server.failed]), signal);
        await session.waitFor("starting the server", ready);
        if (options.example === true) {
          session.note(writeExample(root, ownDirectory) ? "wrote deploy.tsx" : "deploy.tsx exists already");
        }
        session.note(`serving ${escapeControls(root)} on ${server.baseUrl}`);
        if (findInstallation([root]).entry === undefined) {
          session.note(
            session.stderrStyle.yellow(
              "its workflows cannot import smithers-orchestrator: it is not installed there",
            ),
          );
        }
        return await orAborted(server.failed, signal);
      } finally {
        await session.waitFor("stopping the server", server.stop());
      }
    } catch (error) {
      // This command is meant to be ended by a signal.
      if (error instanceof Interrupted && error.signalName !== "SIGHUP")
        return { kind: "silent", exitCode: 0 };
      throw asUsageError(error, settings);
    }

    async function answering(baseUrl: string): Promise<void> {
      try {
        await createClient({ baseUrl, apiKey: session.apiKey, signal, fetch: context.fetch }).listRuns({
          limit: 1,
        });
      } catch (error) {
        // Without a database, or with a token from the project's own .env, the server answers with an error.
        if (!(error instanceof HttpError)) throw error;
      }
    }
  },

  hint(error) {
    if (!(error instanceof ServerError) || error.reason !== "") return undefined;
    return "start it again; 'smithers-client resume <run-id>' continues what it was running";
  },
});

/** Where to look for this package's own dependencies. */
const ownDirectory = dirname(fileURLToPath(import.meta.url));

function install(directories: string[], path: string | undefined): { entry: string; bun: string } {
  const { entry, bun } = findInstallation(directories, path);
  if (entry !== undefined && bun !== undefined) return { entry, bun };
  const missing = [entry ?? "smithers-orchestrator", bun ?? "Bun"].filter(
    (name) => name !== entry && name !== bun,
  );
  const packages = [
    ...(entry === undefined ? ["smithers-orchestrator@0.5.0"] : []),
    ...(bun === undefined ? ["bun"] : []),
    ...(entry === undefined ? ["zod"] : []),
  ];
  throw new UsageError(
    `a server needs ${missing.join(" and ")}, not found in ${escapeControls(directories[0] ?? "")} or above`,
    {
      code: "NOT_INSTALLED",
      hint: `npm install --save-dev ${packages.join(" ")}`,
    },
  );
}

function parsePort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw new UsageError(`'${escapeControls(text)}' is not a port: an integer from 0 to 65535`);
}

function readDatabase(text: string, context: Pick<Context, "cwd">): string {
  const file = resolvePath(text, context);
  if (text === "" || isDirectory(file)) throw new UsageError(`--db: '${escapeControls(text)}' is not a file`);
  const directory = dirname(file);
  if (!isDirectory(directory))
    throw new UsageError(`--db: there is no directory ${escapeControls(directory)}`);
  return file;
}

/** Converts an error that the user can fix to a usage error about what they typed. */
function asUsageError(error: unknown, { port, database }: ServerSettings): unknown {
  if (!(error instanceof ServerError)) return error;
  switch (error.systemCode) {
    case "EADDRINUSE":
      return new UsageError(`port ${port} is in use by another program`, {
        code: "PORT_IN_USE",
        hint: "smithers-client serve --port 0",
      });
    case "EACCES":
      return new UsageError(`you are not allowed to use port ${port}`, {
        code: "PORT_DENIED",
        hint: "smithers-client serve --port 0",
      });
    default:
      return error.systemCode?.startsWith("SQLITE_")
        ? new UsageError(`${escapeControls(database)} cannot be opened as a database: ${error.reason}`, {
            code: "DATABASE",
          })
        : error;
  }
}
