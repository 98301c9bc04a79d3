import { describe, expect, test } from "vitest";
import { protocolServer } from "../../faults/in-test.js";
import { runMain } from "../run-main.js";

/** Runs a command line against a server with these runs, and returns which of them it cancelled. */
async function at(runIds: readonly string[], args: readonly string[], env: Record<string, string> = {}) {
  const server = await protocolServer();
  for (const runId of runIds) server.addRun(runId);
  const result = await runMain(args, { baseUrl: server.baseUrl, env });
  const cancelled = [...server.runs.values()].filter(({ status }) => status === "cancelled");
  return {
    ...result,
    cancelled: cancelled.map(({ runId }) => runId),
    lists: server.count("listRuns"),
    server,
  };
}

describe("a run id", () => {
  test("selects its run without listing runs, even if other ids start with it", async () => {
    const { cancelled, exitCode, lists } = await at(["pr-4", "pr-42"], ["cancel", "pr-4"]);
    expect({ cancelled, exitCode, lists }).toEqual({ cancelled: ["pr-4"], exitCode: 0, lists: 0 });
  });

  test.each([["pr-4"], ["pr-4…"], ["p"]])(
    "given as the prefix %s selects the only matching run and prints its id",
    async (typed) => {
      const { cancelled, stderr, lists } = await at(["pr-42", "nightly"], ["cancel", typed]);
      expect({ cancelled, stderr, lists }).toEqual({
        cancelled: ["pr-42"],
        stderr: `${typed} is run pr-42\n`,
        lists: 1,
      });
    },
  );

  test("that matches several runs selects none of them and lists the matches", async () => {
    const { cancelled, exitCode, stderr } = await at(["pr-42", "pr-43"], ["cancel", "pr-4"]);
    expect({ cancelled, exitCode }).toEqual({ cancelled: [], exitCode: 4 });
    expect(stderr).toContain("'pr-4' matches 2 runs: pr-42, pr-43; type more of the id");
  });

  test("that matches one of the newest 50 runs is refused if an older run may match too", async () => {
    const others = Array.from({ length: 60 }, (_, n) => `other-${n}`);
    const { cancelled, exitCode } = await at(["pr-42", ...others, "pr-43"], ["cancel", "pr-4"]);
    expect({ cancelled, exitCode }).toEqual({ cancelled: [], exitCode: 4 });
  });

  test("that no run starts with is not found", async () => {
    const { cancelled, exitCode, stderr } = await at(["nightly"], ["cancel", "pr-4"]);
    expect({ cancelled, exitCode }).toEqual({ cancelled: [], exitCode: 4 });
    expect(stderr).toContain("HTTP 404");
  });

  test.each<Record<string, string>>([{ CI: "true" }, { GITHUB_ACTIONS: "true" }])(
    "is never expanded by commands that change a run in CI: %j",
    async (env) => {
      const { cancelled, exitCode } = await at(["pr-42"], ["cancel", "pr-4"], env);
      expect({ cancelled, exitCode }).toEqual({ cancelled: [], exitCode: 4 });
      expect((await at(["pr-42"], ["status", "pr-4", "--json"], env)).exitCode).toBe(0);
    },
  );

  test("is not treated as a prefix if the server knows it but refuses the request", async () => {
    const server = await protocolServer();
    for (const runId of ["pr-4", "pr-42"]) server.addRun(runId);
    server.misbehave("getStatus", { kind: "answer", status: 403 });
    const { exitCode } = await runMain(["status", "pr-4"], { baseUrl: server.baseUrl });
    expect({ exitCode, lists: server.count("listRuns") }).toEqual({ exitCode: 6, lists: 0 });
  });

  test("that is complete is not expanded when another argument is a prefix", async () => {
    const server = await protocolServer();
    for (const runId of ["pr-4", "pr-42", "nightly-1"])
      server.addRun(runId, {
        status: "finished",
        events: [JSON.stringify({ type: "RunFinished", timestampMs: 1 })],
      });
    const { exitCode, stderr } = await runMain(["watch", "pr-4", "night"], { baseUrl: server.baseUrl });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "night is run nightly-1\n" });
  });
});
