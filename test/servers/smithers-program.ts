import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { findInstallation } from "../../src/cli/serve/find-installation.js";
import { cleanEnvironment } from "../cli/run-cli.js";
import { makeServerRoot, modulesOf, type ServerSource } from "../real-server.js";
import { waitUntil } from "../wait-until.js";
import { source } from "./server-source.js";

export interface SmithersProgram {
  readonly baseUrl: string;
  stop(): Promise<void>;
}

/** Starts the server's own program in a directory with the workflows, and resolves when it responds. */
export async function startSmithers(words: readonly string[]): Promise<SmithersProgram> {
  const { bun = "" } = findInstallation([source.installation]);
  const root = await makeServerRoot(source);
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const child = spawn(bun, ["--no-install", programOf(source), ...words, "--port", String(port)], {
    cwd: root,
    env: cleanEnvironment(baseUrl, { DO_NOT_TRACK: "1" }),
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  await waitUntil(() => fetch(`${baseUrl}/health`).catch(() => undefined), 60_000);
  return {
    baseUrl,
    async stop() {
      child.kill("SIGTERM");
      // It may wait for the run that it serves, which waits for us.
      const timer = setTimeout(() => child.kill("SIGKILL"), 2000);
      await ended;
      clearTimeout(timer);
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Returns the path of the server's own program. */
export function programOf(from: ServerSource): string {
  const folder = join(modulesOf(from), "smithers-orchestrator");
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    bin: { smithers: string };
  };
  return join(folder, bin.smithers);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
