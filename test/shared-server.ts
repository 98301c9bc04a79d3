import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Several, because 0.5.0 loses races for its database when many tests start and decide runs at once. */
    servers: SharedServer[];
  }
}

export interface SharedServer {
  readonly baseUrl: string;
  /** The directory it serves. */
  readonly root: string;
}

/** The server that this worker's tests use; each test starts its own runs. Never kill or stop it. */
export const sharedServer: SharedServer = {
  get baseUrl() {
    return ownServer().baseUrl;
  },
  get root() {
    return ownServer().root;
  },
};

function ownServer(): SharedServer {
  // On first use, because global setups also load this file and have no servers yet.
  const servers = inject("servers");
  const worker = Number(process.env["VITEST_POOL_ID"]) - 1;
  return servers[worker % servers.length] as SharedServer;
}
