import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findInstallation } from "../../src/cli/serve/find-installation.js";
import { cleanEnvironment } from "../cli/run-cli.js";
import { modulesOf, type RealServer } from "../real-server.js";
import { waitUntil } from "../wait-until.js";
import { freePort, programOf } from "./smithers-program.js";
import { source } from "./server-source.js";

const folders = ["./0.32.0/workflows", "./gateway/workflows"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

export interface GatewayOptions {
  /** The token that it requires. */
  apiKey?: string;
}

/** A gateway, whose root is the workspace. SIGTERM cancels its executing runs. */
export interface Gateway extends RealServer {
  readonly workflows: string;
  terminate(): Promise<void>;
}

/** Starts `smithers gateway` with its own workspace, and resolves when it responds. */
export async function startGateway({ apiKey }: GatewayOptions = {}): Promise<Gateway> {
  const { bun = "" } = findInstallation([source.installation]);
  const root = await realpath(await mkdtemp(join(tmpdir(), "smithers-client-gateway-")));
  const workflows = join(root, ".smithers", "workflows");
  await mkdir(workflows, { recursive: true });
  await mkdir(join(root, "state"));
  for (const folder of folders) {
    for (const file of await readdir(folder)) await copyFile(join(folder, file), join(workflows, file));
  }
  await symlink(modulesOf(source), join(root, "node_modules"), "dir");
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const words = ["--no-install", programOf(source), "gateway", "--port", String(port)];
  if (apiKey !== undefined) words.push("--auth-token", apiKey);

  const start = async (): Promise<ChildProcess> => {
    const child = spawn(bun, words, {
      cwd: root,
      env: cleanEnvironment(baseUrl, {
        DO_NOT_TRACK: "1",
        // Where it records that it runs, so that the next one in this workspace does not mistake it for another.
        SMITHERS_GATEWAY_STATE_DIR: join(root, "state"),
      }),
      stdio: "ignore",
    });
    await waitUntil(async () => {
      if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`);
      return fetch(`${baseUrl}/health`).catch(() => undefined);
    }, 60_000);
    return child;
  };
  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };

  let child = await start();
  return {
    baseUrl,
    root,
    workflows,
    kill: () => end(child, "SIGKILL"),
    terminate: () => end(child, "SIGTERM"),
    async restart() {
      await end(child, "SIGKILL");
      child = await start();
    },
    async stop() {
      await end(child, "SIGKILL");
      await rm(root, { recursive: true, force: true });
    },
  };
}
