import { describe, expect, test } from "vitest";
import {
  approve,
  cancel,
  getFrames,
  getStatus,
  listApprovals,
  listRuns,
  sendSignal,
  streamEvents,
} from "../../../src/client/index.js";
import { failure, gather, rawServer } from "../../faults/in-test.js";
import { answer, block, errorBody, head, type RawRequest } from "../../faults/raw-server.js";
import { sharedServer } from "../../shared-server.js";

const runId = "run-1";
const noRoute = answer(404, errorBody("NOT_FOUND", "Route not found"));

/** Responds like `smithers up --serve` of 0.32. The suite against real servers tests the real one. */
function oneRun({ method, path }: RawRequest) {
  const summary = { "waiting-approval": 1 };
  const status = { runId, workflowName: "deploy", status: "finished", finishedAtMs: 2, summary };
  switch (`${method} ${path.replace(/\?.*/, "")}`) {
    case "GET /":
      return answer(200, status);
    case "GET /frames":
      return answer(200, [{ frameNo: 1, asked: path }]);
    case "GET /events": {
      const events = [
        { type: "RunStarted", runId, timestampMs: 1 },
        { type: "NodeWaitingApproval", runId, nodeId: "gate:prod", iteration: 0, timestampMs: 1 },
        { type: "RunFinished", runId, timestampMs: 2 },
      ];
      const headers = { "content-type": "text/event-stream", connection: "close" };
      return head(200, headers) + events.map(block).join("");
    }
    case "POST /approve/gate:prod":
    case "POST /cancel":
      return answer(200, { runId });
    default:
      return noRoute;
  }
}

const oneRunServer = () => rawServer((request, socket) => socket.end(oneRun(request)));

describe("the server of one run", () => {
  test("is called at its own routes", async () => {
    const server = await oneRunServer();
    const { baseUrl } = server;
    expect(await getStatus({ baseUrl, runId })).toMatchObject({ runId, status: "finished" });
    expect(await getFrames({ baseUrl, runId, tail: 3 })).toMatchObject([{ asked: "/frames?limit=3" }]);
    expect(await cancel({ baseUrl, runId })).toEqual({ runId });
    expect(await approve({ baseUrl, runId, nodeId: "gate:prod", note: "fine" })).toEqual({ runId });
    const decisions = server.requests.filter(({ path }) => path.endsWith("gate:prod"));
    expect(decisions.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { iteration: 0, note: "fine" },
    ]);
    const { items, error } = await gather(streamEvents({ baseUrl, runId, retries: 0 }));
    expect(error).toBeUndefined();
    expect(items.map(({ type }) => type)).toEqual(["RunStarted", "NodeWaitingApproval", "RunFinished"]);
  });

  test("is detected once, so that later calls take one request each", async () => {
    const server = await oneRunServer();
    await getStatus({ baseUrl: server.baseUrl, runId });
    const first = server.requests.length;
    await getStatus({ baseUrl: server.baseUrl, runId });
    await getFrames({ baseUrl: server.baseUrl, runId });
    expect(server.requests.slice(first).map(({ path }) => path)).toEqual(["/", "/frames?limit=20"]);
  });

  test("is named, with its run, in the error for another run or a missing route", async () => {
    const { baseUrl } = await oneRunServer();
    const refused = {
      status: 404,
      code: "ONE_RUN_SERVER",
      details: { runId },
      message: expect.stringContaining("this is the server of run run-1 alone") as string,
    };
    expect(await failure(getStatus({ baseUrl, runId: "run-2" }))).toMatchObject(refused);
    expect(await failure(sendSignal({ baseUrl, runId, name: "payment" }))).toMatchObject(refused);
    expect(await failure(listRuns({ baseUrl }))).toMatchObject(refused);
    const { items, error } = await gather(streamEvents({ baseUrl, runId: "run-2" }));
    expect(items).toEqual([]);
    expect(error).toMatchObject(refused);
  });

  test("lists the open approvals of its run", async () => {
    const { baseUrl } = await oneRunServer();
    // The run has ended, so it has no open approvals, whatever the summary counts.
    expect(await listApprovals({ baseUrl })).toEqual([]);
  });
});

test("an error for a gateway without the needed routes names its version", async () => {
  const { baseUrl } = await rawServer(({ path }, socket) => {
    const health = { ok: true, protocol: 1, identity: { version: "0.32.0" } };
    if (path === "/health") return void socket.end(answer(200, health));
    socket.end(path === "/" ? answer(302, "", { location: "/console" }) : noRoute);
  });
  expect(await failure(listRuns({ baseUrl }))).toMatchObject({
    status: 404,
    code: "GATEWAY",
    message: expect.stringContaining("a Smithers gateway (0.32.0)") as string,
  });
});

test("an older server without a route is distinguished from one that does not know the run", async () => {
  const baseUrl = sharedServer.baseUrl;
  expect(await failure(sendSignal({ baseUrl, runId: "nobody", name: "payment" }))).toMatchObject({
    status: 404,
    code: "NEWER_ROUTE",
    message: expect.stringContaining("which came with 0.32") as string,
  });
  expect(await failure(getStatus({ baseUrl, runId: "nobody" }))).toMatchObject({ code: "NOT_FOUND" });
});

test("no detection requests are sent if a call succeeds or the server itself refuses it", async () => {
  const server = await rawServer(({ path }, socket) => {
    socket.end(
      path === "/v1/runs/r" ? answer(200, { status: "running" }) : answer(404, errorBody("X", "no")),
    );
  });
  await getStatus({ baseUrl: server.baseUrl, runId: "r" });
  await failure(getStatus({ baseUrl: server.baseUrl, runId: "s" }));
  expect(server.requests.map(({ path }) => path)).toEqual(["/v1/runs/r", "/v1/runs/s"]);
});

test("an abort during detection throws the signal's reason", async () => {
  const controller = new AbortController();
  const { baseUrl } = await rawServer(({ path }, socket) => {
    if (path === "/") return controller.abort(new Error("enough"));
    socket.end(noRoute);
  });
  expect(await failure(listRuns({ baseUrl, signal: controller.signal }))).toMatchObject({
    message: "enough",
  });
});
