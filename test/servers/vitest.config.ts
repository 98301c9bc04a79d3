import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/servers/*.spec.ts"],
    globalSetup: ["test/servers/global-setup.ts"],
    // A server that takes a run for alive for half a minute after its engine died is waited for.
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
