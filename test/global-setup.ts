import type { TestProject } from "vitest/node";
import type {} from "vitest";
import { execa } from "execa";
import { fileURLToPath } from "node:url";
import { startRealServer } from "./real-server.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** The address of the server that all test files share: `inject("baseUrl")`. Never kill or stop it. */
    baseUrl: string;
    /** The directory it serves. */
    serverRoot: string;
  }
}

const install = fileURLToPath(new URL("servers/install.mjs", import.meta.url));

/** Starts the server that all test files share; each test starts runs of its own there. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await execa(process.execPath, [install], { stdio: "inherit" });
  const server = await startRealServer();
  project.provide("baseUrl", server.baseUrl);
  project.provide("serverRoot", server.root);
  return () => server.stop();
}
