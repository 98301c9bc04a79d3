import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readdir, realpath, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { findInstallation } from "../src/cli/serve/find-installation.js";
import type { ServerReport, ServerSettings } from "../src/cli/serve/server-process.js";

// The benchmark runs a compiled copy of this file.
const repository = dirname(createRequire(import.meta.url).resolve("smithers-client/package.json"));
const workflows = join(repository, "test", "workflows");
const program = fileURLToPath(new URL("../src/cli/serve/server-process.js", import.meta.url));

export interface RealServerOptions {
  /** Whether the server has a database, and so a list of runs. The workflows always have one. Default: true. */
  db?: boolean;
  /** The token it requires. */
  apiKey?: string;
  /** An existing directory to serve, which is not removed at the end. Default: a new one with the workflows. */
  root?: string;
  /** Default: a free port. */
  port?: number;
  /** Where Smithers and Bun are installed, and which workflows to serve. Default: 0.5.0 and the tests' workflows. */
  source?: ServerSource;
}

/** A version of Smithers and workflows for it. */
export interface ServerSource {
  /** The directory with the `node_modules`, or one below it. */
  installation: string;
  workflows: string;
}

/** What `test/servers/install.mjs` installs. */
export const ownSource: ServerSource = {
  installation: join(repository, "test", "servers", "0.5.0"),
  workflows,
};

export interface RealServer {
  readonly baseUrl: string;
  /** The directory with `quick.tsx`, `gate.tsx`, and the others. A workflow's path is its file name. */
  readonly root: string;
  /** Sends SIGKILL: executing runs stay `running` forever. The root stays for a restart. */
  kill(): Promise<void>;
  /** Restarts with the same port, root, and database. Kills the process if it is still running. */
  restart(): Promise<void>;
  /** Stops the server and removes what was created for it. Can be repeated. */
  stop(): Promise<void>;
}

/** Starts `smithers-orchestrator` on Bun, by default 0.5.0, and resolves when it responds. */
export async function startRealServer(options: RealServerOptions = {}): Promise<RealServer> {
  const { source = ownSource } = options;
  const { entry, bun } = findInstallation([source.installation]);
  if (!entry || !bun) throw new Error("smithers-orchestrator and bun have to be installed");
  const root = options.root ?? (await makeServerRoot(source));
  const settings: ServerSettings = {
    entry,
    root,
    port: options.port ?? 0,
    database: join(root, "smithers.db"),
    listsRuns: options.db ?? true,
  };

  const start = async (port: number): Promise<{ child: ChildProcess; port: number }> => {
    const child = spawn(bun, ["--no-install", program, JSON.stringify({ ...settings, port })], {
      cwd: root,
      env: { ...process.env, SMITHERS_API_KEY: options.apiKey },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      serialization: "json",
    });
    const report = await Promise.race([
      once(child, "message").then(([message]) => message as ServerReport),
      once(child, "exit").then(([code]) => ({ error: `it ended with ${code}` })),
    ]);
    if ("error" in report) throw new Error(`the server did not start: ${report.error}`);
    return { child, port: report.port };
  };
  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };

  let { child, port } = await start(settings.port);
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    root,
    kill: () => end(child, "SIGKILL"),
    async restart() {
      await end(child, "SIGKILL");
      ({ child, port } = await start(port));
    },
    async stop() {
      await end(child, "SIGTERM");
      if (options.root === undefined) await rm(root, { recursive: true, force: true });
    },
  };
}

/** Makes a directory with the workflows. The caller removes it. */
export async function makeServerRoot(source = ownSource): Promise<string> {
  // The path as the server sees it, for tests that compare paths.
  const root = await realpath(await mkdtemp(join(tmpdir(), "smithers-client-test-")));
  for (const file of await readdir(source.workflows)) {
    await copyFile(join(source.workflows, file), join(root, file));
  }
  await symlink(modulesOf(source), join(root, "node_modules"), "dir");
  return root;
}

/** Returns the `node_modules` with a source's packages. */
export function modulesOf({ installation }: ServerSource): string {
  const { entry = "" } = findInstallation([installation]);
  return entry.slice(0, entry.lastIndexOf(`${sep}smithers-orchestrator${sep}`));
}
