import { defineConfig } from "vitest/config";
import { isGateway, isNewer } from "./server-source.js";

export default defineConfig({
  test: {
    // Before 0.32 there are no other kinds of servers.
    include: isGateway
      ? ["test/servers/gateway*.spec.ts"]
      : ["test/servers/end-to-end.spec.ts", ...(isNewer ? ["test/servers/other-servers.spec.ts"] : [])],
    globalSetup: ["test/servers/global-setup.ts"],
    // Some tests wait for a server that considers a run alive for half a minute after its engine died.
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
