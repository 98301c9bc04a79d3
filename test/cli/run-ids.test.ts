import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.js";
import { answer, block, chunk, errorBody, RawServer, streamHead } from "../faults/raw-server.js";
import { startRealServer, type RealServer } from "../real-server.js";
import { waitUntil } from "../wait-until.js";
import { cli as anyCli, type CliOptions } from "./run-cli.js";

// A separate server: other tests start runs on the shared one, and the newest would be theirs.
let server: RealServer;
let client: ReturnType<typeof createClient>;
const cli = (args: string[], options: CliOptions = {}) =>
  anyCli(args, { baseUrl: server.baseUrl, ...options });

beforeAll(async () => {
  server = await startRealServer();
  client = createClient({ baseUrl: server.baseUrl });
  for (const runId of ["nightly-1", "nightly-2", "deploy-7c20", "deploy"]) {
    await client.runWorkflow({ workflowPath: "gate.tsx", input: {}, runId });
    await waitUntil(async () => (await statusOf(runId)) === "waiting-approval");
  }
});
afterAll(() => server.stop());

const statusOf = async (runId: string) => (await client.getStatus({ runId }).catch(() => undefined))?.status;
/** Returns the requests that `--debug` logged. */
const requestsIn = (stderr: string) =>
  [...stderr.matchAll(/^debug: (\w+) http:\/\/[^/]+(\S*) (\d+)/gm)].map(([, ...words]) => words.join(" "));

describe("a run id", () => {
  test("that is complete wins over longer ids that start with it, at the cost of one request", async () => {
    const { stdout, stderr } = await cli(["status", "deploy", "--json", "--debug"]);
    expect(JSON.parse(stdout)).toMatchObject({ runId: "deploy" });
    expect(requestsIn(stderr)).toEqual(["GET /v1/runs/deploy 200", "GET /v1/runs/deploy 200"]);
  });

  test("that a server generated costs no extra request", async () => {
    const runId = crypto.randomUUID();
    await client.runWorkflow({ workflowPath: "quick.tsx", input: {}, runId });
    await waitUntil(async () => (await statusOf(runId)) === "finished");
    const { stderr } = await cli(["status", runId, "--json", "--debug"]);
    expect(requestsIn(stderr)).toEqual([`GET /v1/runs/${runId} 200`]);
  });

  test("may be a unique prefix, and text says which run it is", async () => {
    const { stdout, stderr, exitCode } = await cli(["status", "deploy-7"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^run +deploy-7c20$/m);
    expect(stderr).toBe("deploy-7 is run deploy-7c20\n");
    const json = await cli(["status", "deploy-7…", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ runId: "deploy-7c20" });
    expect(json.stderr).toBe("");
  });

  test.each([["status"], ["approve"], ["deny"], ["cancel"], ["resume"], ["watch"], ["frames"]])(
    "for %s that is a prefix of several changes nothing and lists them",
    async (command) => {
      const { stdout, stderr, exitCode } = await cli([command, "nightly", "--json"]);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 4 });
      const { error } = JSON.parse(stderr) as { error: Record<string, string> };
      expect(error["code"]).toBe("AMBIGUOUS_RUN_ID");
      expect(error["message"]).toMatch(/^'nightly' matches 2 runs: nightly-2, nightly-1;/);
      expect(error["hint"]).toBe(`smithers-client ${command} -- nightly-2`);
      expect(await statusOf("nightly-1")).toBe("waiting-approval");
    },
  );

  test("that is a prefix of none is unknown", async () => {
    const { stderr, exitCode } = await cli(["watch", "no-such", "--json"]);
    expect(exitCode).toBe(4);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "NOT_FOUND", status: 404 } });
  });

  test("is taken literally by commands that change a run in CI, and by run --run-id", async () => {
    expect((await cli(["cancel", "deploy-7"], { env: { CI: "true" } })).stderr).toContain("404");
    expect((await cli(["status", "deploy-7"], { env: { CI: "true" } })).exitCode).toBe(0);
    expect((await cli(["run", "quick.tsx", "--run-id", "nightl", "-w"])).exitCode).toBe(0);
    expect(await statusOf("nightl")).toBe("finished");
  });

  test("that is a prefix works for commands that change a run, which print the full id", async () => {
    const runId = "release-2026";
    await client.runWorkflow({ workflowPath: "gate.tsx", input: {}, runId });
    await waitUntil(async () => (await statusOf(runId)) === "waiting-approval");
    const approved = await cli(["approve", "rel"]);
    expect(approved.stdout).toBe("approved gate of run release-2026\n");
    const resumed = await cli(["resume", "rel", "gate.tsx", "--watch"]);
    expect(resumed.exitCode).toBe(0);
    expect(resumed.stdout).toMatch(/run +finished\n$/);
    const looked = await cli(["resume", "rel", "--json"]);
    expect(JSON.parse(looked.stdout)).toEqual({ runId });
  });
});

describe("@latest", () => {
  test("is the newest run", async () => {
    const runId = "aaa-newest";
    await client.runWorkflow({ workflowPath: "gate.tsx", input: {}, runId });
    await waitUntil(async () => (await statusOf(runId)) === "waiting-approval");
    const { stderr, stdout } = await cli(["watch", "@latest", "--on-approval", "approve"]);
    expect(stderr).toMatch(/^@latest is run aaa-newest\n/);
    expect(stdout).toMatch(/run +finished\n$/);
    const status = await cli(["status", "@latest", "--debug", "--json"]);
    expect(requestsIn(status.stderr)).toEqual(["GET /v1/runs?limit=1 200", "GET /v1/runs/aaa-newest 200"]);
  });
});

test("a server without a list of runs accepts only full ids", async () => {
  const bare = await startRealServer({ db: false });
  const baseUrl = bare.baseUrl;
  try {
    const newest = await cli(["status", "@latest", "--json"], { baseUrl });
    expect(newest.exitCode).toBe(4);
    expect(JSON.parse(newest.stderr)).toMatchObject({ error: { code: "DB_NOT_CONFIGURED" } });
    const started = await cli(["run", "gate.tsx", "--run-id", "whole"], { baseUrl });
    expect(started.exitCode).toBe(0);
    const cut = await cli(["status", "who", "--json"], { baseUrl });
    expect(cut.exitCode).toBe(4);
    expect(JSON.parse(cut.stderr)).toMatchObject({ error: { code: "NOT_FOUND", status: 404 } });
    expect((await cli(["status", "whole"], { baseUrl })).exitCode).toBe(0);
  } finally {
    await bare.stop();
  }
});

test("a run that disappears while it is followed is not replaced by one with its id as a prefix", async () => {
  let streams = 0;
  const raw = await RawServer.start(({ path }, socket) => {
    const isThere = path.includes("/events") ? ++streams === 1 : streams === 0;
    if (!isThere) return void socket.write(answer(404, errorBody("NOT_FOUND", "Run not found")));
    if (!path.includes("/events")) return void socket.write(answer(200, { runId: "r", status: "running" }));
    socket.write(streamHead);
    socket.write(chunk(`retry: 100\n\n${block({ type: "RunStarted", runId: "r", timestampMs: 1000 })}`));
    setTimeout(() => socket.destroy(), 50);
  });
  try {
    const { stdout, exitCode } = await cli(["watch", "r"], { baseUrl: raw.baseUrl });
    expect(stdout).toMatch(/run +started/);
    expect(exitCode).toBe(4);
    expect(raw.requests.filter(({ path }) => path.startsWith("/v1/runs?"))).toEqual([]);
  } finally {
    await raw.close();
  }
});
