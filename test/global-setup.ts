import { execa } from "execa";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { startRealServer } from "./real-server.js";

const install = fileURLToPath(new URL("servers/install.mjs", import.meta.url));

/** Starts one server for every two workers; `shared-server.ts` assigns them. */
export default async function setup(project: TestProject): Promise<() => Promise<unknown>> {
  await execa(process.execPath, [install], { stdio: "inherit" });
  const servers = await Promise.all(
    Array.from({ length: Math.ceil(project.vitest.config.maxWorkers / 2) }, () => startRealServer()),
  );
  project.provide(
    "servers",
    servers.map(({ baseUrl, root }) => ({ baseUrl, root })),
  );
  return () => Promise.all(servers.map((server) => server.stop()));
}
