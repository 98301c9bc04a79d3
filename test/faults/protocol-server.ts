import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { block, errorBody, listen } from "./raw-server.js";

/** What a request asks for, by the library's name for it. */
export type Call =
  | "runWorkflow"
  | "resume"
  | "approve"
  | "deny"
  | "cancel"
  | "sendSignal"
  | "events"
  | "getStatus"
  | "getFrames"
  | "listRuns";

/** What the server does with one request in place of its duty. `taken`: it does the work and loses the answer. */
export type Misbehaviour =
  | { kind: "answer"; status: number; body?: unknown; headers?: Record<string, string> }
  | { kind: "reset"; taken: boolean }
  | { kind: "hang"; taken: boolean };

/** A request that the server saw. */
export interface SeenCall {
  call: Call;
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingMessage["headers"];
  body: unknown;
}

/** A run as the server knows it. */
export interface ServedRun {
  runId: string;
  workflowPath: string;
  /** The events' JSON texts, by their number. */
  events: string[];
  status: string;
  finishedAtMs: number | null;
  /** What a server of 0.32 says of a run that has stopped. */
  runState?: object;
  /** Told of each new event or status. */
  watchers: Set<() => void>;
}

export interface ProtocolServerOptions {
  /** How an event goes over the wire. Default: as the servers send it. */
  frame?: (data: string, seq: number) => string;
  /** Milliseconds between two keep-alive comments. Default: 10,000. */
  keepAliveMs?: number;
}

const overStatuses = new Set(["finished", "failed", "cancelled", "continued"]);

/**
 * A server that speaks the protocol over histories which the test defines, numbered as the real ones number them. It
 * can be stopped and started again on its port, and asked to misbehave.
 */
export class ProtocolServer {
  readonly calls: SeenCall[] = [];
  readonly runs = new Map<string, ServedRun>();
  readonly #options: ProtocolServerOptions;
  readonly #server: Server;
  readonly #misbehaviours = new Map<Call, Misbehaviour[]>();
  #port = 0;

  constructor(options: ProtocolServerOptions = {}) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      void this.#serve(request, response);
    });
  }

  static async start(options: ProtocolServerOptions = {}): Promise<ProtocolServer> {
    const server = new ProtocolServer(options);
    await server.start();
    return server;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get isUp(): boolean {
    return this.#server.listening;
  }

  /** Listens, after a {@link stop} on the same port as before. */
  async start(): Promise<void> {
    await listen(this.#server, this.#port);
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Breaks every connection and listens no more; the runs stay. */
  async stop(): Promise<void> {
    if (!this.isUp) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** The next requests of this kind meet with these, one each. */
  misbehave(call: Call, ...misbehaviours: Misbehaviour[]): void {
    this.#misbehaviours.set(call, [...(this.#misbehaviours.get(call) ?? []), ...misbehaviours]);
  }

  /** How many requests of this kind came. */
  count(call: Call): number {
    return this.calls.filter((seen) => seen.call === call).length;
  }

  addRun(runId: string, fields: Partial<ServedRun> = {}): ServedRun {
    const run: ServedRun = {
      runId,
      workflowPath: "flow.tsx",
      events: [],
      status: "running",
      finishedAtMs: null,
      watchers: new Set(),
      ...fields,
    };
    this.runs.set(runId, run);
    return run;
  }

  /** Adds an event to a run's history. */
  publish(runId: string, event: object | string): void {
    const run = this.#run(runId);
    run.events.push(typeof event === "string" ? event : JSON.stringify(event));
    for (const watcher of run.watchers) watcher();
  }

  /** Writes a run's status, as the real ones do before they write the event that tells of it. */
  setStatus(runId: string, status: string, finishedAtMs: number | null): void {
    const run = this.#run(runId);
    run.status = status;
    run.finishedAtMs = finishedAtMs ?? run.finishedAtMs;
    for (const watcher of run.watchers) watcher();
  }

  #run(runId: string): ServedRun {
    const run = this.runs.get(runId);
    if (run === undefined) throw new Error(`the test has no run ${runId}`);
    return run;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => {});
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const text = Buffer.concat(chunks).toString();
    const body = text === "" ? undefined : (JSON.parse(text) as Record<string, unknown>);
    const path = request.url ?? "";
    const call = callOf(request.method ?? "", path, body);
    if (call === undefined) return json(response, 404, errorBody("NOT_FOUND", "Route not found"));
    this.calls.push({ call, method: request.method ?? "", path, headers: request.headers, body });

    const misbehaviour = this.#misbehaviours.get(call)?.shift();
    if (misbehaviour?.kind === "answer") {
      return json(
        response,
        misbehaviour.status,
        misbehaviour.body ?? errorBody("FAULT", "as told"),
        misbehaviour.headers,
      );
    }
    if (misbehaviour !== undefined) {
      if (misbehaviour.taken) this.#perform(call, path, body);
      if (misbehaviour.kind === "reset") request.socket.resetAndDestroy();
      return;
    }
    if (call === "events") return this.#stream(path, response);
    const { status, answer } = this.#perform(call, path, body);
    json(response, status, answer);
  }

  /** Does what a request asks for. */
  #perform(
    call: Call,
    path: string,
    body: Record<string, unknown> | undefined,
  ): { status: number; answer: unknown } {
    if (call === "listRuns") return { status: 200, answer: [...this.runs.values()].map(row) };
    if (call === "runWorkflow") {
      const runId = String(body?.runId);
      if (this.runs.has(runId)) {
        return { status: 409, answer: errorBody("RUN_ALREADY_EXISTS", `Run id already exists: ${runId}`) };
      }
      this.addRun(runId, { workflowPath: String(body?.workflowPath) });
      return { status: 200, answer: { runId } };
    }
    const runId = call === "resume" ? String(body?.runId) : (path.split(/[/?]/)[3] ?? "");
    const run = this.runs.get(runId);
    if (run === undefined) return { status: 404, answer: errorBody("RUN_NOT_FOUND", "Run not found") };
    switch (call) {
      case "getStatus":
        return { status: 200, answer: row(run) };
      case "getFrames":
        return { status: 200, answer: [] };
      case "resume":
        run.status = "running";
        break;
      case "sendSignal":
        return { status: 200, answer: { runId, signalName: path.split("/").at(-1), seq: 0 } };
      case "cancel":
        if (overStatuses.has(run.status))
          return { status: 404, answer: errorBody("NOT_FOUND", "Run not found") };
        run.status = "cancelled";
        break;
      default:
        this.publish(runId, {
          type: call === "approve" ? "ApprovalGranted" : "ApprovalDenied",
          runId,
          timestampMs: 1,
        });
    }
    return { status: 200, answer: { runId } };
  }

  #stream(path: string, response: ServerResponse): void {
    const run = this.runs.get(path.split(/[/?]/)[3] ?? "");
    if (run === undefined) return json(response, 404, errorBody("NOT_FOUND", "Run not found"));
    const { frame = block, keepAliveMs = 10_000 } = this.#options;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    response.write("retry: 1000\n\n");
    let next = Number(new URL(path, this.baseUrl).searchParams.get("afterSeq") ?? -1) + 1;
    const keepAlive = setInterval(() => response.write(": keep-alive\n\n"), keepAliveMs);
    const send = () => {
      for (; next < run.events.length; next++) response.write(frame(run.events[next] ?? "", next));
      if (overStatuses.has(run.status)) response.end();
    };
    response.on("close", () => {
      clearInterval(keepAlive);
      run.watchers.delete(send);
    });
    run.watchers.add(send);
    send();
  }
}

function callOf(method: string, path: string, body: Record<string, unknown> | undefined): Call | undefined {
  const [, version, runs, runId, ...rest] = path.replace(/\?.*/, "").split("/");
  if (version !== "v1" || runs !== "runs") return undefined;
  if (runId === undefined)
    return method === "GET" ? "listRuns" : body?.resume === true ? "resume" : "runWorkflow";
  const last = rest.at(-1);
  if (method === "GET") {
    return rest.length === 0
      ? "getStatus"
      : last === "events"
        ? "events"
        : last === "frames"
          ? "getFrames"
          : undefined;
  }
  if (rest.at(-2) === "signals") return "sendSignal";
  return last === "cancel" || last === "approve" || last === "deny" ? last : undefined;
}

function row({ runId, workflowPath, status, finishedAtMs, runState }: ServedRun): object {
  const state = runState === undefined ? {} : { runState };
  return {
    runId,
    workflowName: "flow",
    workflowPath,
    status,
    startedAtMs: 1,
    finishedAtMs,
    summary: {},
    ...state,
  };
}

function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/html" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers });
  response.end(text);
}
