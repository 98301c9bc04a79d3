import { describe, expect, onTestFinished, test } from "vitest";
import {
  approve,
  cancel,
  createClient,
  deny,
  getFrames,
  getOutput,
  getServerTraits,
  getStatus,
  listApprovals,
  listRuns,
  listWorkflows,
  pause,
  rerun,
  resume,
  retryNode,
  runWorkflow,
  sendSignal,
  streamEvents,
} from "../../../src/client/index.js";
import { workflowKey } from "../../../src/client/server/gateway.js";
import { failure, gather } from "../../faults/in-test.js";
import { answer, errorBody, type RawServer } from "../../faults/raw-server.js";
import {
  gatewayAnswer,
  noRoute,
  played,
  recorded,
  recordedGateway,
  type Script,
} from "../../faults/recorded-gateway.js";

const runId = "sample-1";
const runRoute = `/v1/api/runs/${runId}`;

/** Starts a gateway with these responses, and a client that has already detected it. */
async function recognised(script?: Script) {
  const gateway = await recordedGateway(script);
  const client = createClient({ baseUrl: gateway.baseUrl });
  await client.listWorkflows();
  gateway.requests.splice(0);
  return { gateway, client, baseUrl: gateway.baseUrl };
}

const asked = (gateway: RawServer) => gateway.requests.map(({ method, path }) => `${method} ${path}`);
const bodies = (gateway: RawServer) =>
  gateway.requests.filter(({ body }) => body !== "").map(({ body }) => JSON.parse(body) as unknown);
const apiError = (status: number, code: string, message: string, more: object = {}) =>
  gatewayAnswer(status, { ok: false, error: { version: "v1", code, message, ...more } });
const ok = (data: unknown) => gatewayAnswer(200, { ok: true, data });

describe("gateway detection", () => {
  test("uses a header of the first response, at the cost of one extra request", async () => {
    const gateway = await recordedGateway();
    const { baseUrl } = gateway;
    expect(await getStatus({ baseUrl, runId })).toMatchObject({ runId, status: "waiting-approval" });
    expect(await getStatus({ baseUrl, runId })).toMatchObject({ workflowName: "deploy" });
    expect(asked(gateway)).toEqual([`GET /v1/runs/${runId}`, `GET ${runRoute}`, `GET ${runRoute}`]);
  });

  test("falls back to /health if a proxy removes the header", async () => {
    const gateway = await recordedGateway(({ path }) => {
      if (path === "/health") return answer(200, recorded["health"]?.answer);
      return path.startsWith("/v1/api/runs")
        ? undefined
        : answer(404, errorBody("NOT_FOUND", "Route not found"));
    });
    expect(await getStatus({ baseUrl: gateway.baseUrl, runId })).toMatchObject({ runId });
    expect(await getServerTraits({ baseUrl: gateway.baseUrl })).toEqual({
      resumesByItself: true,
      resumeNeedsWorkflow: false,
      hasWorkflowKeys: true,
      hasNodeCalls: true,
      canRepeatDecisions: true,
    });
  });

  test("works for every first call", async () => {
    const first: ((baseUrl: string) => Promise<unknown>)[] = [
      (baseUrl) => runWorkflow({ baseUrl, workflowPath: "deploy", input: {}, runId: "new" }),
      (baseUrl) => approve({ baseUrl, runId, nodeId: "gate", selected: "blue" }),
      (baseUrl) => approve({ baseUrl, runId, nodeId: "my gate" }),
      (baseUrl) => getOutput({ baseUrl, runId, nodeId: "ship" }),
      (baseUrl) => listWorkflows({ baseUrl }),
      (baseUrl) => listApprovals({ baseUrl }),
      (baseUrl) => getServerTraits({ baseUrl }),
    ];
    for (const call of first) {
      const gateway = await recordedGateway((_, route) => {
        if (route === "POST /v1/api/approvals/decision") return played("approve");
        return route === "GET /v1/api/runs/new" ? played("unknown-run") : undefined;
      });
      await call(gateway.baseUrl);
      expect(await getServerTraits({ baseUrl: gateway.baseUrl })).toMatchObject({ resumesByItself: true });
    }
  });

  test("names the gateway's version in the error if it has no routes under /v1/api", async () => {
    const { baseUrl } = await recordedGateway(({ path }) => (path === "/health" ? undefined : noRoute(path)));
    const error = await failure(listRuns({ baseUrl }));
    expect(error).toMatchObject({ status: 404, code: "GATEWAY" });
    expect(String(error)).toContain("a Smithers gateway (0.32.0) without this route");
    const { items, error: streamError } = await gather(streamEvents({ baseUrl, runId }));
    expect(items).toEqual([]);
    expect(streamError).toMatchObject({ code: "GATEWAY" });
  });
});

describe("a client of a gateway", () => {
  test("reads runs, frames, outputs, and workflows", async () => {
    const { client, gateway } = await recognised();
    expect(await client.listRuns({ limit: 1, status: "finished" })).toMatchObject([
      { runId, workflowName: "deploy" },
    ]);
    expect(await client.getFrames({ runId, tail: 1 })).toMatchObject([{ frameNo: 2 }]);
    expect(await client.getOutput({ runId, nodeId: "ship" })).toMatchObject({
      status: "produced",
      row: { environment: "prod" },
    });
    expect((await client.listWorkflows()).map(({ key }) => key)).toContain("deploy");
    expect(asked(gateway)).toEqual([
      "GET /v1/api/runs?limit=1&status=finished&includeSystem=true",
      "POST /v1/rpc/frames.list",
      `GET ${runRoute}/nodes/ship/output?iteration=0`,
      "GET /v1/api/workflows",
    ]);
    expect(bodies(gateway)).toEqual([{ runId, limit: 1 }]);
  });

  test("sends decisions, signals, retries, and other changes", async () => {
    const { client, gateway } = await recognised((_, route) =>
      route.startsWith("POST") ? ok({ runId, status: "asked" }) : undefined,
    );
    await client.approve({ runId, nodeId: "my gate", iteration: 2, note: "fine", decidedBy: "lost" });
    await client.deny({ runId, nodeId: "pick", selected: "blue" });
    await client.approve({ runId, nodeId: "order", ranked: ["blue", "green"] });
    await client.sendSignal({ runId, name: "go/now", data: { a: 1 }, correlationId: "c", sentBy: "lost" });
    await client.pause({ runId });
    await client.retryNode({ runId, nodeId: "a/b", resetDependents: true });
    await client.resume({ runId });
    await client.cancel({ runId });
    expect(asked(gateway)).toEqual([
      "POST /v1/api/approvals/decision",
      "POST /v1/api/approvals/decision",
      "POST /v1/api/approvals/decision",
      "POST /v1/api/signals",
      `POST ${runRoute}/pause`,
      `POST ${runRoute}/nodes/a%2Fb/retry`,
      `POST ${runRoute}/resume`,
      `POST ${runRoute}/cancel`,
    ]);
    expect(bodies(gateway)).toEqual([
      { runId, nodeId: "my gate", iteration: 2, approved: true, note: "fine" },
      { runId, nodeId: "pick", iteration: 0, approved: false, decision: { selected: "blue" } },
      { runId, nodeId: "order", iteration: 0, approved: true, decision: { ranked: ["blue", "green"] } },
      { runId, signalName: "go/now", data: { a: 1 }, correlationId: "c" },
      {},
      { iteration: 0, resetDependents: true },
      {},
      {},
    ]);
  });

  test("encodes ids in URLs", async () => {
    const { client, gateway } = await recognised(({ path }) =>
      path.startsWith("/v1/api/runs/") ? played("unknown-run") : undefined,
    );
    await failure(client.getStatus({ runId: "My Run:1/x" }));
    expect(asked(gateway)).toEqual(["GET /v1/api/runs/My%20Run:1%2Fx"]);
  });

  test.each([
    ["deploy", "deploy"],
    ["./deploy.tsx", "deploy"],
    ["/work/space/.smithers/workflows/deploy.tsx", "deploy"],
    ["C:\\work\\deploy.tsx", "deploy"],
    ["flows/deploy/workflow.tsx", "deploy"],
    ["workflow.tsx", "workflow"],
    ["release-2.0.tsx", "release-2.0"],
    ["release-2.0", "release-2.0"],
  ])("maps the workflow %s to the key %s", (path, key) => {
    expect(workflowKey(path)).toBe(key);
  });

  test("lists the available workflows if the requested one is unknown", async () => {
    const { client } = await recognised((_, route) => {
      if (route === "POST /v1/api/runs") return played("unknown-workflow");
      return route.startsWith("GET /v1/api/runs/") ? played("unknown-run") : undefined;
    });
    const error = await failure(client.runWorkflow({ workflowPath: "./nope.tsx", input: {} }));
    expect(error).toMatchObject({
      status: 404,
      details: { workflows: expect.arrayContaining(["deploy"]) as unknown },
    });
    expect(String(error)).toContain("the gateway's workflows are chat, chatty, deploy");
  });
});

describe("the response envelope", () => {
  test("is required: a change without it may have been applied, but is an error", async () => {
    for (const body of [{ ok: true }, { data: [] }, [], null, "<html>"]) {
      const { client } = await recognised(({ path }) =>
        path.endsWith("?limit=7&includeSystem=true") || path.includes("signals")
          ? answer(200, body)
          : undefined,
      );
      expect(await failure(client.listRuns({ limit: 7 }))).toMatchObject({ code: "PROTOCOL_ERROR" });
      expect(await failure(client.sendSignal({ runId, name: "go" }))).toMatchObject({
        code: "PROTOCOL_ERROR",
        mayHaveBeenApplied: true,
      });
    }
  });

  test("passes an error's other fields on as its details", async () => {
    const { client } = await recognised((_, route) =>
      route === "POST /v1/api/approvals/decision" ? played("approve-again") : undefined,
    );
    expect(await failure(client.deny({ runId, nodeId: "gate" }))).toMatchObject({
      status: 409,
      code: "AlreadyDecided",
      details: { runId, nodeId: "gate", iteration: 0, status: "approved" },
    });
  });
});

describe("starting a run", () => {
  test("looks up the id first and refuses one that exists, which the gateway would rerun", async () => {
    const { client, gateway } = await recognised();
    expect(await failure(client.runWorkflow({ workflowPath: "deploy", input: {}, runId }))).toMatchObject({
      status: 409,
      code: "RUN_ALREADY_EXISTS",
      mayHaveBeenApplied: false,
    });
    expect(asked(gateway)).toEqual([`GET ${runRoute}`]);
  });

  test("does not repeat the request after a lost response if the run exists", async () => {
    let taken = "";
    const { client, gateway } = await recognised(({ body }, route, socket) => {
      if (route === "POST /v1/api/runs") {
        taken = (JSON.parse(body) as { options: { runId: string } }).options.runId;
        socket.resetAndDestroy();
        return "silence";
      }
      if (!route.startsWith("GET /v1/api/runs/")) return undefined;
      return taken === "" ? played("unknown-run") : ok({ runId: taken, status: "running" });
    });
    expect(await client.runWorkflow({ workflowPath: "deploy", input: {} })).toEqual({ runId: taken });
    expect(asked(gateway).filter((request) => request.startsWith("POST"))).toHaveLength(1);
  });

  test("succeeds if the gateway refuses the retry because the first request started the run", async () => {
    let starts = 0;
    const { client } = await recognised((_, route, socket) => {
      if (route === "POST /v1/api/runs") {
        if (starts++ > 0) return played("launch-again-while-active");
        socket.resetAndDestroy();
        return "silence";
      }
      return route.startsWith("GET /v1/api/runs/") ? played("unknown-run") : undefined;
    });
    expect(await client.runWorkflow({ workflowPath: "deploy", input: {} })).toHaveProperty("runId");
    expect(starts).toBe(2);
  });
});

test("a stream reports that a run was never recorded because its schema rejected the input", async () => {
  const { client } = await recognised((_, route) => {
    if (route === "POST /v1/api/runs") return played("launch");
    return route.startsWith("GET /v1/api/runs/") ? played("unknown-run") : undefined;
  });
  const run = await client.runWorkflow({ workflowPath: "typed", input: {}, runId });
  const { items, error } = await gather(client.streamEvents(run));
  expect(items).toEqual([]);
  expect(String(error)).toContain("never recorded it, as it does if the workflow's schema rejects");
});

test("resuming a run that has ended is an error, although the gateway silently does nothing", async () => {
  const { client } = await recognised((_, route) =>
    route === `POST ${runRoute}/resume` ? played("resume-finished") : undefined,
  );
  const error = await failure(client.resume({ runId }));
  expect(error).toMatchObject({ status: 409, code: "RUN_ENDED" });
  expect(String(error)).toContain("it can run a failed node again");
});

test("a resume after the program's own decision succeeds even if the run has already ended", async () => {
  const { client } = await recognised((_, route) => {
    if (route === "POST /v1/api/approvals/decision") return played("approve");
    return route === `POST ${runRoute}/resume` ? played("resume-finished") : undefined;
  });
  await client.approve({ runId, nodeId: "gate" });
  expect(await client.resume({ runId, workflowPath: "./deploy.tsx" })).toEqual({ runId });
  expect(await failure(client.resume({ runId }))).toMatchObject({ code: "RUN_ENDED" });
});

describe("a decision whose response is lost", () => {
  const lostOnce = (then: () => Buffer): Script => {
    let decisions = 0;
    return (_, route, socket) => {
      if (route !== "POST /v1/api/approvals/decision") return undefined;
      if (decisions++ > 0) return then();
      socket.resetAndDestroy();
      return "silence";
    };
  };

  test("is sent again, and succeeds if the approval has that decision", async () => {
    const { client, gateway } = await recognised(lostOnce(() => played("approve-again")));
    expect(await client.approve({ runId, nodeId: "gate" })).toMatchObject({ runId, status: "approved" });
    expect(asked(gateway)).toHaveLength(2);
  });

  test("is sent again after a proxy's error page", async () => {
    let decisions = 0;
    const { client } = await recognised((_, route) => {
      if (route !== "POST /v1/api/approvals/decision") return undefined;
      return decisions++ === 0 ? answer(502, "<html>") : played("approve");
    });
    expect(await client.approve({ runId, nodeId: "gate" })).toMatchObject({ nodeId: "gate" });
  });

  test("is an error if the approval was decided the other way, perhaps by someone else", async () => {
    const { client } = await recognised(lostOnce(() => played("approve-again")));
    expect(await failure(client.deny({ runId, nodeId: "gate" }))).toMatchObject({
      status: 409,
      mayHaveBeenApplied: true,
    });
  });

  test("is an error for a choice, because the response does not say which option was chosen", async () => {
    const { client } = await recognised(lostOnce(() => played("approve-again")));
    const choice = client.approve({ runId, nodeId: "gate", selected: "blue" });
    expect(await failure(choice)).toMatchObject({ status: 409, mayHaveBeenApplied: true });
  });
});

describe("a decision while the engine resumes", () => {
  const decision = "POST /v1/api/approvals/decision";
  const notWaiting = apiError(400, "INVALID_INPUT", "Node gate is not waiting for approval.");

  test("is sent again as long as the gateway lists the approval", async () => {
    let decisions = 0;
    const { client, gateway } = await recognised((_, route) => {
      if (route !== decision) return undefined;
      return decisions++ < 2 ? notWaiting : played("approve");
    });
    expect(await client.approve({ runId, nodeId: "gate" })).toMatchObject({ nodeId: "gate" });
    const listed = "GET /v1/api/approvals?runId=sample-1";
    expect(asked(gateway)).toEqual([decision, listed, decision, listed, decision]);
  });

  test("is an error if the gateway does not list the approval", async () => {
    const { client, gateway } = await recognised((_, route) => (route === decision ? notWaiting : undefined));
    const another = client.approve({ runId, nodeId: "gate", iteration: 1 });
    expect(await failure(another)).toMatchObject({ status: 400, code: "INVALID_INPUT" });
    expect(asked(gateway).filter((request) => request === decision)).toHaveLength(1);
  });

  test("is an error if the gateway refuses it for another reason", async () => {
    const refusal = apiError(400, "INVALID_INPUT", "Selection required.");
    const { client, gateway } = await recognised((_, route) => (route === decision ? refusal : undefined));
    expect(await failure(client.approve({ runId, nodeId: "gate" }))).toMatchObject({ status: 400 });
    expect(asked(gateway)).toEqual([decision]);
  });
});

test("a signal whose response is lost is not sent again, because it would be a second signal", async () => {
  const { client, gateway } = await recognised((_, route, socket) => {
    if (route !== "POST /v1/api/signals") return undefined;
    socket.resetAndDestroy();
    return "silence";
  });
  expect(await failure(client.sendSignal({ runId, name: "go" }))).toMatchObject({ mayHaveBeenApplied: true });
  expect(asked(gateway)).toHaveLength(1);
});

test("a node retry whose response is lost is not sent again, because the node could run twice", async () => {
  const { client, gateway } = await recognised((_, route, socket) => {
    if (!route.endsWith("/retry")) return undefined;
    socket.resetAndDestroy();
    return "silence";
  });
  expect(await failure(client.retryNode({ runId, nodeId: "ship" }))).toMatchObject({
    mayHaveBeenApplied: true,
  });
  expect(asked(gateway)).toHaveLength(1);
});

describe("a rerun", () => {
  const newRunId = "again-1";
  const rerunRoute = "POST /v1/rpc/runs.rerun";
  /** The response of 0.32.0. */
  const started = gatewayAnswer(200, {
    type: "res",
    id: "84bfe4c8-3e28-4d18-a8a0-a707ad005ad4",
    ok: true,
    apiVersion: "v1",
    payload: { runId: newRunId, workflow: "deploy", system: false },
  });

  test("uses the input that the gateway kept, and looks up the new id first", async () => {
    const { client, gateway } = await recognised((_, route) => {
      if (route === rerunRoute) return started;
      return route === `GET /v1/api/runs/${newRunId}` ? played("unknown-run") : undefined;
    });
    expect(await client.rerun({ runId, newRunId })).toMatchObject({ runId: newRunId });
    expect(asked(gateway)).toEqual([`GET /v1/api/runs/${newRunId}`, rerunRoute]);
    expect(bodies(gateway)).toEqual([{ runId, newRunId }]);
    expect(await failure(client.rerun({ runId, newRunId: runId }))).toMatchObject({ status: 409 });
    expect(asked(gateway)).toHaveLength(3);
  });

  test("is not sent again if the response is lost, and the error has its id", async () => {
    const { client, gateway } = await recognised((_, route, socket) => {
      if (route === `GET /v1/api/runs/${newRunId}`) return played("unknown-run");
      if (route !== rerunRoute) return undefined;
      socket.resetAndDestroy();
      return "silence";
    });
    const error = await failure(client.rerun({ runId, newRunId }));
    expect(error).toMatchObject({ mayHaveBeenApplied: true });
    expect(String(error)).toContain(`the start of run ${newRunId} may have been applied anyway`);
    expect(asked(gateway).filter((route) => route === rerunRoute)).toHaveLength(1);
  });
});

test("a request for frames is retried, although it is a POST", async () => {
  let times = 0;
  const { client } = await recognised((_, route, socket) => {
    if (route !== "POST /v1/rpc/frames.list" || times++ > 0) return undefined;
    socket.resetAndDestroy();
    return "silence";
  });
  expect(await client.getFrames({ runId, tail: 1 })).toHaveLength(1);
});

test("an error for a key without read access names the missing scope", async () => {
  const scope = { requiredScope: "run:read" };
  const { client } = await recognised((_, route) =>
    route === "GET /v1/api/approvals"
      ? apiError(403, "FORBIDDEN", "Missing required scope run:read for listApprovals", scope)
      : undefined,
  );
  const error = await failure(client.listApprovals());
  expect(error).toMatchObject({ status: 403, details: scope });
  expect(String(error)).toContain("scope run:read");
});

test("an error for a refused Host header says which hosts are accepted", async () => {
  const { client } = await recognised((_, route) =>
    route === `GET ${runRoute}` ? played("refused-host") : undefined,
  );
  expect(String(await failure(client.getStatus({ runId })))).toContain(
    "answers only to localhost and 127.0.0.1",
  );
});

test("the list of runs includes those without a gateway's mark", async () => {
  const { client, gateway } = await recognised();
  await client.listRuns();
  expect(asked(gateway)).toEqual(["GET /v1/api/runs?includeSystem=true"]);
});

describe("the list of approvals", () => {
  test("has each approval once and fills in the fields that a gateway omits", async () => {
    const { client } = await recognised();
    const rows = await client.listApprovals({ runId });
    expect(rows).toEqual([
      expect.objectContaining({
        ...{ runId, nodeId: "gate", iteration: 0, workflowName: "deploy", runStatus: null },
        ...{ requestTitle: "gate", requestSummary: null, approvalMode: "gate", options: [] },
        requestedAtMs: 1795614172847,
      }),
    ]);
    expect(rows[0]?.waitingMs).toBeGreaterThanOrEqual(0);
  });

  const node = (nodeId: string, state: string) => ({ nodeId, iteration: 1, state, label: null });
  const old: Script = ({ path }, route) => {
    if (route === "GET /v1/api/approvals") return ok([]);
    if (route === "GET /v1/api/runs" && path.includes("waiting-approval"))
      return ok([{ runId: "old", status: "waiting-approval" }]);
    if (route === "GET /v1/api/runs/old") return ok({ runId: "old", status: "waiting-approval" });
    if (route === "GET /v1/api/runs/old/node-states")
      return ok([node("build", "finished"), node("gate", "waiting-approval")]);
    return undefined;
  };

  test("includes runs beyond the first 1,000, which the gateway's own list does not cover", async () => {
    const { client } = await recognised(old);
    const row = { runId: "old", nodeId: "gate", iteration: 1, requestTitle: "gate", requestedAtMs: null };
    expect(await client.listApprovals()).toMatchObject([row]);
    expect(await client.listApprovals({ runId: "old" })).toMatchObject([row]);
  });

  test("omits a run that is about to wait, because its approval cannot be decided yet", async () => {
    const { client } = await recognised((request, route, socket) =>
      route === "GET /v1/api/runs/old"
        ? ok({ runId: "old", status: "running" })
        : old(request, route, socket),
    );
    expect(await client.listApprovals({ runId: "old" })).toEqual([]);
  });
});

test("the key is in every request and in no error", async () => {
  const apiKey = "sk-very-secret";
  const gateway = await recordedGateway(({ path }) =>
    path.startsWith("/v1/api/workflows")
      ? apiError(403, "FORBIDDEN", `no, ${apiKey}`, { token: apiKey })
      : undefined,
  );
  onTestFinished(() => gateway.close());
  const { baseUrl } = gateway;
  await getStatus({ baseUrl, apiKey, runId });
  const error = await failure(listWorkflows({ baseUrl, apiKey }));
  expect(gateway.requests.every(({ headers }) => headers["authorization"] === `Bearer ${apiKey}`)).toBe(true);
  expect(JSON.stringify([error, String(error)])).not.toContain(apiKey);
});

test("createClient binds each function to a server", () => {
  for (const call of [
    approve,
    cancel,
    deny,
    getFrames,
    listApprovals,
    pause,
    rerun,
    resume,
    retryNode,
    sendSignal,
  ]) {
    expect(createClient()).toHaveProperty(call.name);
  }
});
