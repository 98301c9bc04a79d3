import { getEventListeners } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { ArgumentError } from "../../src/client/errors/argument-error.js";
import { ConnectionError } from "../../src/client/errors/connection-error.js";
import { HttpError } from "../../src/client/errors/http-error.js";
import { ProtocolError } from "../../src/client/errors/protocol-error.js";
import { TimeoutError } from "../../src/client/errors/timeout-error.js";
import type { ConnectionOptions } from "../../src/client/options.js";
import type { Fetch } from "../../src/client/http/fetch.js";
import {
  approve,
  cancel,
  deny,
  getFrames,
  getStatus,
  listRuns,
  resume,
  runWorkflow,
  sendSignal,
} from "../../src/client/index.js";
import { closedPort, failure, protocolServer, rawServer } from "../faults/in-test.js";
import type { Call, Misbehaviour, ProtocolServer } from "../faults/protocol-server.js";
import { answer, errorBody } from "../faults/raw-server.js";
import { waitUntil } from "../wait-until.js";

const calls: Partial<Record<Call, (options: ConnectionOptions) => Promise<unknown>>> = {
  getStatus: (options) => getStatus({ ...options, runId: "r1" }),
  getFrames: (options) => getFrames({ ...options, runId: "r1" }),
  listRuns: (options) => listRuns(options),
  runWorkflow: (options) => runWorkflow({ ...options, workflowPath: "flow.tsx", input: {} }),
  cancel: (options) => cancel({ ...options, runId: "r1" }),
  resume: (options) => resume({ ...options, runId: "r1", workflowPath: "flow.tsx" }),
  approve: (options) => approve({ ...options, runId: "r1", nodeId: "gate" }),
  sendSignal: (options) => sendSignal({ ...options, runId: "r1", name: "payment", correlationId: "c" }),
  deny: (options) => deny({ ...options, runId: "r1", nodeId: "gate" }),
};

const answering = (status: number, headers: Record<string, string> = {}): Misbehaviour => ({
  kind: "answer",
  status,
  headers,
});

/** Starts a server with the paused run that the calls use. */
async function pausedRun(atEnd = onTestFinished): Promise<ProtocolServer> {
  const server = await protocolServer({}, atEnd);
  server.addRun("r1", { status: "waiting-approval" });
  return server;
}

describe.concurrent("retries", () => {
  const lost: [string, Misbehaviour][] = [
    ["a reset before the server took it", { kind: "reset", taken: false }],
    ["no answer in time", { kind: "hang", taken: false }],
  ];
  const statuses = (...list: number[]): [string, Misbehaviour][] =>
    list.map((status) => [`${status}`, answering(status)]);
  const throttled = statuses(408, 425);
  const tooMany = statuses(429);
  const gateway = statuses(502, 503, 504);
  const broken = statuses(500);
  const refused = statuses(400, 401, 403, 404, 409, 413, 501);

  const reads = [...lost, ...throttled, ...tooMany, ...gateway, ...broken];
  const repeatable = [...lost, ...throttled, ...tooMany, ...gateway];
  const rows: { call: Call; again: [string, Misbehaviour][]; never: [string, Misbehaviour][] }[] = [
    { call: "getStatus", again: reads, never: refused },
    { call: "getFrames", again: reads, never: refused },
    { call: "listRuns", again: reads, never: refused },
    { call: "runWorkflow", again: repeatable, never: [...refused, ...broken] },
    { call: "cancel", again: repeatable, never: [...refused, ...broken] },
    { call: "resume", again: tooMany, never: [...throttled, ...gateway, ...broken, ...refused] },
    { call: "approve", again: tooMany, never: [...lost, ...throttled, ...gateway, ...broken, ...refused] },
    { call: "sendSignal", again: tooMany, never: [...lost, ...throttled, ...gateway, ...broken, ...refused] },
    { call: "deny", again: tooMany, never: [...lost, ...throttled, ...gateway, ...broken, ...refused] },
  ];
  const cases = rows.flatMap(({ call, again, never }) => [
    ...again.map(([what, misbehaviour]) => ({ call, what, misbehaviour, sent: 2 })),
    ...never.map(([what, misbehaviour]) => ({ call, what, misbehaviour, sent: 1 })),
  ]);

  test.for(cases)("send $call $sent times after $what", async ({ call, misbehaviour, sent }, context) => {
    const server = await pausedRun(context.onTestFinished);
    server.misbehave(call, misbehaviour);
    // Long enough for a busy machine. With a silent server, each attempt takes all of it.
    const done = calls[call]?.({
      baseUrl: server.baseUrl,
      retries: 1,
      timeoutMs: misbehaviour.kind === "hang" ? 2000 : 20_000,
    });
    if (sent === 1) await failure(done as Promise<unknown>);
    else await done;
    context.expect(server.count(call)).toBe(sent);
  });

  test.for(Object.keys(calls) as Call[])(
    "send %s again if it never connected",
    async (call, { expect, onTestFinished }) => {
      const server = await pausedRun(onTestFinished);
      const refusals: number[] = [];
      const fetch: Fetch = (url, request) => {
        if (refusals.push(1) > 1) return globalThis.fetch(url, request);
        return Promise.reject(
          new TypeError("fetch failed", { cause: Object.assign(new Error(), { code: "ECONNREFUSED" }) }),
        );
      };
      await calls[call]?.({ baseUrl: server.baseUrl, fetch, retries: 1 });
      expect(refusals).toHaveLength(2);
      expect(server.count(call)).toBe(1);
    },
  );

  test("end after the given number of retries, 2 by default", async (context) => {
    const server = await pausedRun(context.onTestFinished);
    server.misbehave("getStatus", ...Array.from({ length: 9 }, () => answering(503, { "retry-after": "0" })));
    const error = await failure(getStatus({ baseUrl: server.baseUrl, runId: "r1" }));
    context.expect(error).toBeInstanceOf(HttpError);
    context.expect(server.count("getStatus")).toBe(3);
    await failure(getStatus({ baseUrl: server.baseUrl, runId: "r1", retries: 0 }));
    context.expect(server.count("getStatus")).toBe(4);
  });
});

describe("Retry-After", () => {
  test("is honored in seconds", async () => {
    const server = await pausedRun();
    server.misbehave("getStatus", answering(503, { "retry-after": "2" }));
    const started = performance.now();
    await getStatus({ baseUrl: server.baseUrl, runId: "r1" });
    expect(performance.now() - started).toBeGreaterThan(1950);
  });

  test("is honored as a date", async () => {
    const server = await pausedRun();
    const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000);
    server.misbehave("approve", answering(429, { "retry-after": date.toUTCString() }));
    await approve({ baseUrl: server.baseUrl, runId: "r1", nodeId: "gate" });
    expect(Date.now()).toBeGreaterThanOrEqual(date.getTime() - 10);
  });

  test("in the past means now", async () => {
    const server = await pausedRun();
    server.misbehave("getStatus", answering(503, { "retry-after": new Date(0).toUTCString() }));
    await getStatus({ baseUrl: server.baseUrl, runId: "r1" });
    expect(server.count("getStatus")).toBe(2);
  });

  test.each([
    ["61", 61_000],
    ["3600", 3_600_000],
  ])("of %s s is not waited for, but reported in the error", async (header, retryAfterMs) => {
    const server = await pausedRun();
    server.misbehave("getStatus", answering(503, { "retry-after": header }));
    const error = await failure(getStatus({ baseUrl: server.baseUrl, runId: "r1" }));
    expect(error).toMatchObject({ name: "HttpError", status: 503, retryAfterMs });
    expect(server.count("getStatus")).toBe(1);
  });
});

describe("starting a run exactly once", () => {
  const lost: Misbehaviour = { kind: "reset", taken: true };
  const start = (server: ProtocolServer, runId?: string) =>
    runWorkflow({ baseUrl: server.baseUrl, workflowPath: "flow.tsx", input: {}, runId });

  test("a response that is lost after the server accepted the run yields one run and its id", async () => {
    const server = await protocolServer();
    server.misbehave("runWorkflow", lost);
    const { runId } = await start(server);
    expect([...server.runs.keys()]).toEqual([runId]);
    expect(server.count("runWorkflow")).toBe(2);
  });

  test("a response that is lost twice, or to a gateway or a timeout, yields one run too", async () => {
    const server = await protocolServer();
    server.misbehave("runWorkflow", lost, answering(502));
    await start(server);
    server.misbehave("runWorkflow", { kind: "hang", taken: true });
    await runWorkflow({ baseUrl: server.baseUrl, workflowPath: "flow.tsx", input: {}, timeoutMs: 300 });
    expect(server.runs.size).toBe(2);
  });

  test("if every response is lost, the error has the id of the run that may exist", async () => {
    const server = await protocolServer();
    server.misbehave("runWorkflow", lost, answering(502), { kind: "reset", taken: false });
    const error = await failure(start(server));
    const [runId = ""] = server.runs.keys();
    expect((error as Error).message).toContain(`the run's id is ${runId}`);
    server.misbehave("runWorkflow", answering(429), answering(429), answering(429));
    expect(((await failure(start(server))) as Error).message).not.toContain("the run's id");
  });

  test("every attempt sends the same id, a UUID", async () => {
    const server = await protocolServer();
    server.misbehave("runWorkflow", { kind: "reset", taken: false }, answering(503));
    await start(server);
    const ids = new Set(server.calls.map(({ body }) => (body as { runId: string }).runId));
    expect(ids.size).toBe(1);
    expect([...ids][0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("with the caller's own id, a 409 after a lost response says that the call may have been applied", async () => {
    const server = await protocolServer();
    server.misbehave("runWorkflow", lost);
    const error = await failure(start(server, "mine"));
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({ status: 409, code: "RUN_ALREADY_EXISTS", mayHaveBeenApplied: true });
    expect([...server.runs.keys()]).toEqual(["mine"]);
  });

  test.each([
    ["at once", []],
    ["after an attempt that surely had no effect", [answering(429)]],
  ])("with the caller's own id, a 409 %s means someone else's run", async (_, misbehaviours) => {
    const server = await protocolServer();
    server.addRun("mine");
    server.misbehave("runWorkflow", ...misbehaviours);
    const error = await failure(start(server, "mine"));
    expect(error).toMatchObject({ status: 409, mayHaveBeenApplied: false });
  });

  test("without any response, the error says that the run may have started", async () => {
    const server = await protocolServer();
    server.misbehave("runWorkflow", lost);
    const error = await failure(
      runWorkflow({ baseUrl: server.baseUrl, workflowPath: "f", input: {}, retries: 0 }),
    );
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ mayHaveBeenApplied: true });
  });
});

describe("a lost response", () => {
  const lost: Misbehaviour = { kind: "reset", taken: true };
  const neverTaken: Misbehaviour = { kind: "reset", taken: false };

  test("to cancel: a 404 on the retry means success", async () => {
    const server = await pausedRun();
    server.misbehave("cancel", lost);
    expect(await cancel({ baseUrl: server.baseUrl, runId: "r1" })).toEqual({ runId: "r1" });
    expect(server.calls.map(({ call }) => call)).toEqual(["cancel", "cancel", "getStatus"]);
  });

  test("to cancel: a run that does not exist is still a 404", async () => {
    const server = await protocolServer();
    server.misbehave("cancel", neverTaken);
    expect(await failure(cancel({ baseUrl: server.baseUrl, runId: "r9" }))).toMatchObject({ status: 404 });
  });

  test("to cancel: a 404 on the first attempt is a 404", async () => {
    const server = await pausedRun();
    server.setStatus("r1", "finished", 1);
    expect(await failure(cancel({ baseUrl: server.baseUrl, runId: "r1" }))).toMatchObject({ status: 404 });
    expect(server.count("getStatus")).toBe(0);
  });

  test("to resume: the status is checked first, and an executing run is not resumed again", async () => {
    const server = await pausedRun();
    server.misbehave("resume", lost);
    expect(await resume({ baseUrl: server.baseUrl, runId: "r1", workflowPath: "f" })).toEqual({
      runId: "r1",
    });
    expect(server.calls.map(({ call }) => call)).toEqual(["resume", "getStatus"]);
  });

  test.each(["waiting-approval", "failed", "cancelled"])(
    "to resume: a run that is still %s is resumed again",
    async (status) => {
      const server = await pausedRun();
      server.setStatus("r1", status, 0);
      server.misbehave("resume", neverTaken);
      expect(await resume({ baseUrl: server.baseUrl, runId: "r1", workflowPath: "f" })).toEqual({
        runId: "r1",
      });
      expect(server.calls.map(({ call }) => call)).toEqual(["resume", "getStatus", "resume"]);
      expect(server.runs.get("r1")?.status).toBe("running");
    },
  );

  test.each([
    ["approve", approve],
    ["deny", deny],
  ] as const)(
    "to %s: it is not sent again, and the error says that it may have been applied",
    async (call, decide) => {
      const server = await pausedRun();
      server.misbehave(call, lost);
      const error = await failure(decide({ baseUrl: server.baseUrl, runId: "r1", nodeId: "gate" }));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({
        mayHaveBeenApplied: true,
        message: expect.stringContaining("may have been applied") as string,
      });
      expect(server.runs.get("r1")?.events).toHaveLength(1);

      server.misbehave(call, { kind: "hang", taken: true });
      const late = await failure(
        decide({ baseUrl: server.baseUrl, runId: "r1", nodeId: "gate", timeoutMs: 300 }),
      );
      expect(late).toBeInstanceOf(TimeoutError);
      expect(late).toMatchObject({
        mayHaveBeenApplied: true,
        message: expect.stringContaining("may have been applied") as string,
      });
      expect(server.count(call)).toBe(2);
    },
  );

  test("on a keep-alive connection that the server closed is retried for POST and GET alike", async () => {
    const server = await rawServer((_, socket) => {
      socket.write(answer(200, { runId: "r1", status: "running" }));
      socket.destroySoon();
    });
    for (let round = 0; round < 5; round++) {
      await runWorkflow({ baseUrl: server.baseUrl, workflowPath: "f", input: {} });
      await getStatus({ baseUrl: server.baseUrl, runId: "r1" });
    }
  });
});

describe("one attempt", () => {
  test("takes at most timeoutMs until the headers", async () => {
    const server = await pausedRun();
    server.misbehave("getStatus", { kind: "hang", taken: false });
    const error = await failure(
      getStatus({ baseUrl: server.baseUrl, runId: "r1", timeoutMs: 200, retries: 0 }),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ timeoutMs: 200, mayHaveBeenApplied: false });
  });

  test("includes the response body in its timeout", async () => {
    const server = await rawServer((_, socket) => {
      socket.write(answer(200, { runId: "r1", status: "running" }).subarray(0, -5));
    });
    const error = await failure(
      getStatus({ baseUrl: server.baseUrl, runId: "r1", timeoutMs: 200, retries: 0 }),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    await waitUntil(() => server.sockets.size === 0);
  });

  test("whose error body breaks off still has its status", async () => {
    const server = await rawServer((_, socket) => {
      socket.end(answer(404, errorBody("NOT_FOUND", "Run not found")).subarray(0, -5));
    });
    expect(await failure(getStatus({ baseUrl: server.baseUrl, runId: "r1" }))).toMatchObject({ status: 404 });
  });

  test.each([
    ["HTML", "<html><title>Hi</title></html>"],
    ["a list in place of an object", []],
    ["an object of another kind", { up: true }],
    ["nothing", ""],
  ])("with %s as the response is a protocol error", async (_, body) => {
    const server = await protocolServer();
    server.misbehave("getStatus", { kind: "answer", status: 200, body });
    const error = await failure(getStatus({ baseUrl: server.baseUrl, runId: "r1" }));
    expect(error).toBeInstanceOf(ProtocolError);
    expect((error as Error).message).toContain("is this a Smithers server?");
  });

  test("to a port where nothing listens is an error that says so", async () => {
    const baseUrl = `http://127.0.0.1:${await closedPort()}`;
    const error = await failure(getStatus({ baseUrl, runId: "r1", retries: 0 }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ networkCode: "ECONNREFUSED" });
    expect((error as Error).message).toContain(`cannot reach ${baseUrl}: the connection was refused`);
  });
});

describe("aborting", () => {
  test("during the backoff ends the call within 50 ms and leaves no listener", async () => {
    const server = await pausedRun();
    server.misbehave("getStatus", answering(503, { "retry-after": "50" }));
    const controller = new AbortController();
    const pending = failure(getStatus({ baseUrl: server.baseUrl, runId: "r1", signal: controller.signal }));
    // During the backoff, no request is in flight and one listener waits for the abort.
    await waitUntil(() => server.count("getStatus") === 1);
    await waitUntil(() => getEventListeners(controller.signal, "abort").length === 1);
    const abortedAt = performance.now();
    controller.abort(new Error("enough"));
    expect(await pending).toEqual(new Error("enough"));
    expect(performance.now() - abortedAt).toBeLessThan(50);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    expect(server.count("getStatus")).toBe(1);
  });

  test("during a request ends the call within 50 ms and closes the socket", async () => {
    const server = await rawServer(() => {});
    const controller = new AbortController();
    const pending = failure(
      approve({ baseUrl: server.baseUrl, runId: "r1", nodeId: "gate", signal: controller.signal }),
    );
    await waitUntil(() => server.requests.length === 1);
    const abortedAt = performance.now();
    controller.abort(new Error("enough"));
    expect(await pending).toEqual(new Error("enough"));
    expect(performance.now() - abortedAt).toBeLessThan(50);
    await waitUntil(() => server.sockets.size === 0);
  });

  test.each(Object.keys(calls) as Call[])("before %s prevents any request", async (call) => {
    const server = await pausedRun();
    const signal = AbortSignal.abort(new Error("before"));
    expect(await failure(calls[call]?.({ baseUrl: server.baseUrl, signal }) as Promise<unknown>)).toEqual(
      new Error("before"),
    );
    expect(server.calls).toEqual([]);
  });

  test("leaves no listener on a signal that outlives many calls", async () => {
    const server = await pausedRun();
    const { signal } = new AbortController();
    for (let round = 0; round < 20; round++)
      await getStatus({ baseUrl: server.baseUrl, runId: "r1", signal });
    await failure(getStatus({ baseUrl: server.baseUrl, runId: "r9", signal }));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

test.each([
  ["an empty run id", (baseUrl: string) => getStatus({ baseUrl, runId: "" })],
  ["a run id that is another route", (baseUrl: string) => cancel({ baseUrl, runId: ".." })],
  [
    "an iteration below 0",
    (baseUrl: string) => approve({ baseUrl, runId: "r1", nodeId: "n", iteration: -1 }),
  ],
  ["no frames at all", (baseUrl: string) => getFrames({ baseUrl, runId: "r1", tail: 0 })],
  ["half a run", (baseUrl: string) => listRuns({ baseUrl, limit: 0.5 })],
  ["a negative number of retries", (baseUrl: string) => listRuns({ baseUrl, retries: -1 })],
  ["no time", (baseUrl: string) => listRuns({ baseUrl, timeoutMs: 0 })],
])("%s is refused before any request", async (_, call) => {
  const server = await pausedRun();
  expect(await failure((async () => call(server.baseUrl))())).toBeInstanceOf(ArgumentError);
  expect(server.calls).toEqual([]);
});
