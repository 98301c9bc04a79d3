import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    reporters: ["default", "./test/skipped-reporter.ts"],
    // Loading the same modules anew for each file would take a third of the time. What the library remembers, it
    // remembers for an address and a run's id.
    isolate: false,
    // The tests wait for servers and clocks far more than they compute.
    maxWorkers: 6,
    maxConcurrency: 20,
    // On a busy machine 0.5.0 now and then loses the race for its own database, and a run of it fails or stands still.
    retry: 1,
    // A real server on a busy machine takes its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
