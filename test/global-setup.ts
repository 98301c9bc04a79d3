import type { TestProject } from "vitest/node";
import type {} from "vitest";
import { startRealServer } from "./real-server.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** The address of the server that all test files share: `inject("baseUrl")`. Never kill or stop it. */
    baseUrl: string;
    /** The directory it serves. */
    serverRoot: string;
  }
}

/** Starts the server that all test files share; each test starts runs of its own there. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startRealServer();
  project.provide("baseUrl", server.baseUrl);
  project.provide("serverRoot", server.root);
  return () => server.stop();
}
