import type { TestProject } from "vitest/node";
import { startRealServer } from "../real-server.js";
import type {} from "../shared-server.js";
import { startGateway } from "./gateway-program.js";
import { isGateway, source } from "./server-source.js";

/** Starts the server of the requested version. Tests that need a server of their own start it themselves. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = isGateway ? await startGateway() : await startRealServer({ source });
  project.provide("servers", [{ baseUrl: server.baseUrl, root: server.root }]);
  return () => server.stop();
}
