import { describe, expect, test } from "vitest";
import {
  approve,
  deny,
  getOutput,
  getServerTraits,
  getStatus,
  listRuns,
  listWorkflows,
  pause,
  rerun,
  resume,
  retryNode,
  runWorkflow,
  type ConnectionOptions,
} from "../../../src/client/index.js";
import { closedPort, failure, rawServer } from "../../faults/in-test.js";
import { answer, errorBody } from "../../faults/raw-server.js";
import { sharedServer } from "../../shared-server.js";

const runId = "run-1";
const noRoute = answer(404, errorBody("NOT_FOUND", "Route not found"));

const calls: Record<string, (connection: ConnectionOptions) => Promise<unknown>> = {
  pause: (connection) => pause({ ...connection, runId }),
  rerun: (connection) => rerun({ ...connection, runId }),
  retryNode: (connection) => retryNode({ ...connection, runId, nodeId: "build" }),
  getOutput: (connection) => getOutput({ ...connection, runId, nodeId: "build" }),
  listWorkflows: (connection) => listWorkflows(connection),
  "approve with a choice": (connection) =>
    approve({ ...connection, runId, nodeId: "gate", selected: "blue" }),
  "deny with a ranking": (connection) => deny({ ...connection, runId, nodeId: "gate", ranked: ["blue"] }),
};

/** Starts a regular server that lists no runs and records its requests. */
const usualServer = () =>
  rawServer(({ path }, socket) => socket.end(path.startsWith("/v1/runs") ? answer(200, []) : noRoute));

/** Starts a server with just enough of `smithers up --serve` to be detected. */
const singleRunServer = () =>
  rawServer(({ path }, socket) =>
    socket.end(path === "/" ? answer(200, { runId, status: "running" }) : noRoute),
  );

describe.each(Object.entries(calls))("%s, which needs a gateway,", (_, call) => {
  test("is refused for a regular server, which gets only the detection requests", async () => {
    const server = await usualServer();
    expect(await failure(call({ baseUrl: server.baseUrl }))).toMatchObject({
      code: "NEEDS_GATEWAY",
      status: 404,
      mayHaveBeenApplied: false,
      message: expect.stringContaining("a Smithers gateway does") as string,
    });
    expect(server.requests.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      "GET /",
      "GET /health",
    ]);
  });

  test("is refused for a real server of 0.5.0", async () => {
    expect(await failure(call({ baseUrl: sharedServer.baseUrl }))).toMatchObject({ code: "NEEDS_GATEWAY" });
  });

  test("is refused for the server of one run", async () => {
    const server = await singleRunServer();
    const { code } = (await failure(call({ baseUrl: server.baseUrl }))) as { code: string };
    expect(["ONE_RUN_SERVER", "NEEDS_GATEWAY"]).toContain(code);
    expect(server.requests.every(({ method }) => method === "GET")).toBe(true);
  });

  test("is not refused for a server that does not respond, because its kind is unknown", async () => {
    const baseUrl = `http://127.0.0.1:${await closedPort()}`;
    expect(await failure(call({ baseUrl, retries: 0 }))).toMatchObject({ code: "CONNECTION_FAILED" });
  });
});

test("a choice together with a ranking is an error before any request", async () => {
  const server = await usualServer();
  const { baseUrl } = server;
  const both = approve({ baseUrl, runId, nodeId: "gate", selected: "blue", ranked: ["blue"] });
  expect(await failure(both)).toMatchObject({ code: "INVALID_ARGUMENT", argument: "ranked" });
  expect(server.requests).toEqual([]);
});

describe("a server's traits", () => {
  const usual = {
    resumesByItself: false,
    resumeNeedsWorkflow: true,
    hasWorkflowKeys: false,
    hasNodeCalls: false,
    canRepeatDecisions: false,
  };

  test("cost one request if the server has not been called yet", async () => {
    const server = await usualServer();
    expect(await getServerTraits({ baseUrl: server.baseUrl })).toEqual(usual);
    expect(await getServerTraits({ baseUrl: server.baseUrl })).toEqual(usual);
    expect(server.requests.map(({ path }) => path)).toEqual(["/v1/runs?limit=1"]);
  });

  test("cost no request after a call that succeeded", async () => {
    const server = await usualServer();
    await listRuns({ baseUrl: server.baseUrl });
    await getServerTraits({ baseUrl: server.baseUrl });
    expect(server.requests).toHaveLength(1);
  });

  test("are known for a server without a list of runs and for the server of one run", async () => {
    const noList = answer(400, errorBody("DB_NOT_CONFIGURED", "no database"));
    const withoutList = await rawServer((_, socket) => socket.end(noList));
    expect(await getServerTraits({ baseUrl: withoutList.baseUrl })).toEqual(usual);
    const single = await singleRunServer();
    expect(await getServerTraits({ baseUrl: single.baseUrl })).toEqual(usual);
  });

  test("are not known for a server that refuses the key", async () => {
    const { baseUrl } = await rawServer((_, socket) =>
      socket.end(answer(401, errorBody("UNAUTHORIZED", "no"))),
    );
    expect(await failure(getServerTraits({ baseUrl }))).toMatchObject({ status: 401 });
  });
});

test("a resume without a workflow path looks it up in the list of runs if the server needs it", async () => {
  const baseUrl = sharedServer.baseUrl;
  const workflowPath = "./gate.tsx";
  const run = await runWorkflow({ baseUrl, workflowPath, input: {} });
  await expect
    .poll(async () => (await getStatus({ baseUrl, ...run })).status, { timeout: 30_000 })
    .toBe("waiting-approval");
  await approve({ baseUrl, ...run, nodeId: "gate" });
  expect(await resume({ baseUrl, runId: run.runId })).toMatchObject({ runId: run.runId });
  await expect
    .poll(async () => (await getStatus({ baseUrl, ...run })).status, { timeout: 30_000 })
    .toBe("finished");
});
