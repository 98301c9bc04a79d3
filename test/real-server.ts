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
  /** Whether the server keeps a database, and so a list of runs; the workflows always have one. Default: true. */
  db?: boolean;
  /** The token it requires. */
  apiKey?: string;
  /** An existing directory to serve, which is left alone at the end. Default: a new one with the workflows in it. */
  root?: string;
  /** Default: a free one. */
  port?: number;
  /** Where Smithers and Bun are installed, and which workflows to serve. Default: 0.5.0, and the tests' own. */
  source?: ServerSource;
}

/** A version of Smithers, and workflows that it understands. */
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
  /** Where `quick.tsx`, `gate.tsx` and the others are: a workflow's path is its bare name. */
  readonly root: string;
  /** SIGKILL: what ran stays `running` for ever. The root stays for a restart. */
  kill(): Promise<void>;
  /** The same port, root and database again, killing the process where it still runs. */
  restart(): Promise<void>;
  /** Ends it and removes what was made for it. Harmless when repeated. */
  stop(): Promise<void>;
}

/** Starts `smithers-orchestrator` on Bun, 0.5.0 unless asked for another, and resolves when it answers. */
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

/** Makes a directory with the workflows in it; whoever asks for it removes it. */
export async function makeServerRoot(source = ownSource): Promise<string> {
  // The path as the server sees it, for tests that compare paths.
  const root = await realpath(await mkdtemp(join(tmpdir(), "smithers-client-test-")));
  for (const file of await readdir(source.workflows)) {
    await copyFile(join(source.workflows, file), join(root, file));
  }
  await symlink(modulesOf(source), join(root, "node_modules"), "dir");
  return root;
}

/** The `node_modules` that a source's packages are in. */
export function modulesOf({ installation }: ServerSource): string {
  const { entry = "" } = findInstallation([installation]);
  return entry.slice(0, entry.lastIndexOf(`${sep}smithers-orchestrator${sep}`));
}
