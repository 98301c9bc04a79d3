import { describe, expect, test } from "vitest";
import { recordedGateway } from "../../faults/recorded-gateway.js";
import { changes, data, gatewayWith, on, refusal, runId, type PlayedRun } from "./played-run.js";

const failedInSecondTurn = (): PlayedRun => ({
  status: "failed",
  events: [
    { type: "RunStarted" },
    { type: "NodeStarted", nodeId: "draft", attempt: 1 },
    { type: "NodeFinished", nodeId: "draft", attempt: 1 },
    { type: "NodeStarted", nodeId: "draft", iteration: 1, attempt: 1 },
    { type: "NodeFailed", nodeId: "draft", iteration: 1, attempt: 1, error: { message: "disk full" } },
    { type: "RunFailed", error: { message: "Task failed: draft", details: { key: "draft::1" } } },
  ],
});

describe("output", () => {
  test("prints a node's row as a real gateway returns it, as JSON with and without --json", async () => {
    const server = await recordedGateway();
    for (const flags of [[], ["--json"]]) {
      const done = await on(server, ["output", "sample-1", "ship", "--iteration", "0", ...flags]);
      expect(done).toEqual({ exitCode: 0, stdout: '{"environment":"prod"}\n', stderr: "" });
    }
  });

  test("defaults to the newest iteration that has finished", async () => {
    const server = await gatewayWith(failedInSecondTurn());
    await on(server, ["output", runId, "draft"]);
    const paths = server.requests.map(({ path }) => path);
    expect(paths).toContain(`/v1/api/runs/${runId}/nodes/draft/output?iteration=0`);
  });

  test.each([
    ["pending", undefined, "it has not finished yet", `watch -- sample-1`],
    [
      "failed",
      { name: "Error", message: "disk\u001b[2J full\nat once" },
      "it failed (disk",
      `status -- sample-1`,
    ],
  ])("says that a node that is %s has no output, and what to look at", async (status, error, words, next) => {
    const server = await recordedGateway((_, route) =>
      route.endsWith("/output") ? data({ status, row: null, schema: null, error }) : undefined,
    );
    const failed = await on(server, ["output", "sample-1", "ship", "--iteration", "0"]);
    expect(failed.exitCode).toBe(4);
    expect(failed.stdout).toBe("");
    expect(failed.stderr).toContain(`error: node ship of run sample-1 has no output: ${words}`);
    expect(failed.stderr).toContain(`next:  smithers-client ${next}\n`);
    expect(failed.stderr).not.toContain("\u001b");
  });

  test("of a node that is not there leads to the run's status", async () => {
    const server = await recordedGateway((_, route) =>
      route.endsWith("/output") ? refusal(404, "NodeNotFound", "Node not found: shop") : undefined,
    );
    const failed = await on(server, ["output", "sample-1", "shop", "--iteration", "0"]);
    expect(failed.exitCode).toBe(4);
    expect(failed.stderr).toContain("next:  smithers-client status -- sample-1\n");
  });
});

describe("retry", () => {
  const path = `/v1/api/runs/${runId}/nodes/draft/retry`;
  const accepted = { runId, status: "retry_requested" };

  test("defaults to the iteration that failed", async () => {
    const server = await gatewayWith(failedInSecondTurn(), { [path]: () => accepted });
    const done = await on(server, ["retry", runId, "draft"]);
    expect(done).toEqual({
      exitCode: 0,
      stdout: `asked run ${runId} to run draft (iteration 1) again\n`,
      stderr: "",
    });
    expect(changes(server)).toEqual([[path, { iteration: 1 }]]);
  });

  test("accepts another iteration, and can reset the nodes that depend on the node", async () => {
    const server = await gatewayWith(failedInSecondTurn(), { [path]: () => accepted });
    await on(server, ["retry", runId, "draft", "--iteration", "0", "--reset-dependents"]);
    expect(changes(server)).toEqual([[path, { iteration: 0, resetDependents: true }]]);
  });

  test("shows what happens next with --watch, and exits with the run's result", async () => {
    const server = await gatewayWith(failedInSecondTurn(), {
      [path]: (_, run) => {
        run.status = "finished";
        run.events.push(
          { type: "RunStarted" },
          { type: "NodeStarted", nodeId: "draft", iteration: 1, attempt: 2 },
          { type: "NodeFinished", nodeId: "draft", iteration: 1, attempt: 2 },
          { type: "RunFinished" },
        );
        return accepted;
      },
    });
    const done = await on(server, ["retry", runId, "draft", "--watch", "--json"]);
    expect(done.exitCode).toBe(0);
    const types = done.stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types).toEqual(["RunStarted", "NodeStarted", "NodeFinished", "RunFinished"]);
  });

  test("of a node that is not there leads to the run's status", async () => {
    const server = await gatewayWith(failedInSecondTurn(), {
      [`/v1/api/runs/${runId}/nodes/shop/retry`]: () => refusal(404, "NOT_FOUND", "Node not found: shop"),
    });
    const failed = await on(server, ["retry", runId, "shop"]);
    expect(failed.exitCode).toBe(4);
    expect(failed.stderr).toContain(`next:  smithers-client status -- ${runId}\n`);
  });
});

describe("pause", () => {
  const path = `/v1/api/runs/${runId}/pause`;
  const notActive = () => refusal(409, "RUN_NOT_ACTIVE", "Run is not currently executing");

  test("asks the run to pause", async () => {
    const run = { status: "running", events: [{ type: "RunStarted" }] };
    const server = await gatewayWith(run, { [path]: () => ({ runId, status: "pausing" }) });
    expect(await on(server, ["pause", runId])).toEqual({
      exitCode: 0,
      stdout: `asked run ${runId} to pause\n`,
      stderr: "",
    });
    expect(changes(server)).toEqual([[path, {}]]);
  });

  test("changes nothing for a paused run", async () => {
    const server = await gatewayWith({ status: "paused", events: [] }, { [path]: notActive });
    expect(await on(server, ["pause", runId])).toMatchObject({
      exitCode: 0,
      stdout: `run ${runId} is paused already\n`,
    });
  });

  test("fails for a run that is not executing, and says its status", async () => {
    const server = await gatewayWith({ status: "waiting-approval", events: [] }, { [path]: notActive });
    const failed = await on(server, ["pause", runId]);
    expect(failed.exitCode).toBe(4);
    expect(failed.stderr).toContain("it is not executing (waiting-approval)");
  });
});
