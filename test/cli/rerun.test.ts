import { describe, expect, test } from "vitest";
import { createClient, type RunRow } from "../../src/client/index.js";
import { protocolServer } from "../faults/in-test.js";
import { gatewayAnswer, played, recordedGateway } from "../faults/recorded-gateway.js";
import { sharedServer } from "../shared-server.js";
import { waitUntil } from "../wait-until.js";
import { cli, freshId } from "./run-cli.js";
import { runMain } from "./run-main.js";

const client = createClient({ baseUrl: sharedServer.baseUrl });

async function finishedRun(): Promise<string> {
  const runId = freshId("original");
  const { exitCode } = await cli(["run", "chatty.tsx", "-F", "tasks=2", "--run-id", runId, "-w"]);
  expect(exitCode).toBe(0);
  return runId;
}

describe("rerun on a server that does not return the input", () => {
  test("starts the same workflow under a new id with the given input", async () => {
    const runId = await finishedRun();
    const newRunId = freshId("again");
    const words = [
      "rerun",
      runId,
      "--new-run-id",
      newRunId,
      "--input",
      '{"tasks":2,"other":1}',
      "-F",
      "tasks=3",
      "-w",
    ];
    const { stdout, stderr, exitCode } = await cli(words);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`following run ${newRunId}`);
    expect(stdout.match(/^.* task-\d+ +finished/gm)).toHaveLength(3);
    const rows = await client.listRuns<RunRow>();
    const paths = rows.filter((row) => [runId, newRunId].includes(row.runId)).map((row) => row.workflowPath);
    expect(paths).toHaveLength(2);
    expect(new Set(paths).size).toBe(1);
  });

  test("prints only the new id", async () => {
    const runId = await finishedRun();
    const { stdout, stderr, exitCode } = await cli(["rerun", "--input", '{"tasks":1}', "--", runId]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^[0-9a-f-]{36}\n$/);
    expect(stdout.trim()).not.toBe(runId);
    await waitUntil(async () => {
      const { status } = await client.getStatus({ runId: stdout.trim() }).catch(() => ({ status: "" }));
      return status === "finished";
    });
  });

  test("says that the input is missing, and starts nothing", async () => {
    const runId = await finishedRun();
    const before = (await client.listRuns<RunRow>()).length;
    const refused = await cli(["rerun", runId]);
    expect(refused).toMatchObject({ stdout: "", exitCode: 4 });
    expect(refused.stderr).toContain(`does not return the input of run ${runId}; pass it again`);
    expect(refused.stderr).toContain(
      `next:  smithers-client rerun --input <json> -- ${runId}; for a run that was started without input: --input '{}'`,
    );
    for (const words of [
      ["-f", "a=1"],
      ["-F", "a=1"],
      ["--max-concurrency", "2"],
    ]) {
      const { stderr, exitCode } = await cli(["rerun", runId, ...words]);
      expect(exitCode).toBe(4);
      expect(stderr).toContain(`${words[0]} needs the whole input, with --input`);
    }
    expect(await client.listRuns<RunRow>()).toHaveLength(before);
  });

  test("reports an unknown run as such", async () => {
    for (const words of [[], ["--input", "{}"]]) {
      const { stderr, exitCode } = await cli(["rerun", "no-such-run", ...words]);
      expect(exitCode).toBe(4);
      expect(stderr).toMatch(/no-such-run/);
      expect(stderr).not.toContain("has to be given again");
    }
  });
});

test("rerun needs no input on a gateway, which has stored it", async () => {
  let hasStarted = false;
  const gateway = await recordedGateway(({ body }, route) => {
    if (route.startsWith("GET /v1/api/runs/")) return played(hasStarted ? "run-at-gate" : "unknown-run");
    if (route !== "POST /v1/rpc/runs.rerun") return undefined;
    hasStarted = true;
    const { newRunId } = JSON.parse(body) as { newRunId: string };
    return gatewayAnswer(200, { type: "res", ok: true, payload: { runId: newRunId, workflow: "deploy" } });
  });
  const { stdout, stderr, exitCode } = await runMain(["rerun", "sample-1"], { baseUrl: gateway.baseUrl });
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toMatch(/^[0-9a-f-]{36}\n$/);
  expect(gateway.requests.filter(({ path }) => path === "/v1/api/runs")).toEqual([]);
});

test("rerun asks for the workflow if the server keeps no list of runs", async () => {
  const server = await protocolServer();
  server.addRun("r", { status: "finished" });
  const error = { code: "DB_NOT_CONFIGURED", message: "no database" };
  for (let call = 0; call < 3; call++)
    server.misbehave("listRuns", { kind: "answer", status: 400, body: { error } });
  const { stderr, exitCode } = await runMain(["rerun", "r", "--input", "{}"], { baseUrl: server.baseUrl });
  expect(exitCode).toBe(4);
  expect(stderr).toContain("name the workflow: smithers-client run <workflow> --input <json>");
  expect(server.count("runWorkflow")).toBe(0);
});
