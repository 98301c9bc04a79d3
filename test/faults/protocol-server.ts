import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { eventPage, fromGateway, gatewayHeaders, refuseDecision, toGateway } from "./gateway-dialect.js";
import { listen } from "./listen.js";
import { approvalRows, callOf, frameRows, runRow, sendJson, type Call } from "./protocol-answers.js";
import type { Misbehaviour, RecordedDecision, RecordedResume, SeenCall } from "./protocol-records.js";
import { block, errorBody } from "./raw-server.js";
import { ServedRun, terminalStatuses, type ServedRunFields } from "./served-run.js";

export type { Call, Misbehaviour, RecordedDecision, RecordedResume, SeenCall };

export interface ProtocolServerOptions {
  /** How an event is written. Default: as real servers send it. */
  frame?: (data: string, seq: number) => string;
  /** Milliseconds between two keep-alive comments. Default: 10,000. */
  keepAliveMs?: number;
  /** Milliseconds between two polls for new events. Default: 5; real servers use 500. */
  pollMs?: number;
  /** The maximum number of events per poll. Default: 200, as on real servers. */
  pageSize?: number;
  /** Whether it lists open approvals, as 0.32 does. Default: false. */
  listsApprovals?: boolean;
  /** Whether it acts as a gateway: it resumes runs after decisions and lists approvals. Default: false. */
  isGateway?: boolean;
  /** Awaited before a request is served. */
  onCall?: (call: SeenCall) => Promise<void> | void;
}

/**
 * A server that speaks the protocol of 0.5.0 and serves runs that the test defines. It can be stopped, restarted on its
 * port, and told to misbehave.
 */
export class ProtocolServer {
  readonly calls: SeenCall[] = [];
  readonly runs = new Map<string, ServedRun>();
  readonly decisions: RecordedDecision[] = [];
  readonly resumes: RecordedResume[] = [];
  /** Requests without a complete response now, the most of them at once, and the total number of requests. */
  readonly requests = { open: 0, most: 0, total: 0 };
  /** How many event streams are open. */
  openStreams = 0;
  readonly #options: ProtocolServerOptions;
  readonly #server: Server;
  readonly #misbehaviours = new Map<Call, Misbehaviour[]>();
  #port = 0;

  constructor(options: ProtocolServerOptions = {}) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.requests.total++;
      this.requests.most = Math.max(this.requests.most, ++this.requests.open);
      response.on("close", () => this.requests.open--);
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

  /** Starts listening; after a {@link stop}, on the same port as before. */
  async start(): Promise<void> {
    await listen(this.#server, this.#port);
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Breaks every connection and stops listening. The runs stay and continue. */
  async stop(): Promise<void> {
    if (!this.isUp) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Applies these to the next requests of this kind, one each. */
  misbehave(call: Call, ...misbehaviours: Misbehaviour[]): void {
    this.#misbehaviours.set(call, [...(this.#misbehaviours.get(call) ?? []), ...misbehaviours]);
  }

  /** Returns how many requests of this kind were received. */
  count(call: Call): number {
    return this.calls.filter((seen) => seen.call === call).length;
  }

  addRun(runId: string, fields: ServedRunFields = {}): ServedRun {
    const run = new ServedRun(runId, fields);
    // A server that lists approvals also reports more about a run.
    if (this.#listsApprovals) run.runState ??= {};
    this.runs.set(runId, run);
    return run;
  }

  /** Adds an event to a run's history. */
  publish(runId: string, event: object | string): void {
    this.#run(runId).publish(event);
  }

  /** Writes a run's status, as real servers do before they write its event. */
  setStatus(runId: string, status: string, finishedAtMs: number | null): void {
    const run = this.#run(runId);
    run.status = status;
    run.finishedAtMs = finishedAtMs ?? run.finishedAtMs;
  }

  /** Records a decision, even if there is nothing to decide, as 0.5.0 does. */
  decide(decision: "approve" | "deny", runId: string, nodeId: string, iteration: number, by: string): void {
    const run = this.#run(runId);
    const before = run.decisionOf(nodeId, iteration);
    this.decisions.push({ runId, nodeId, iteration, decision, by, atMs: performance.now(), before });
    run.decide(decision, nodeId, iteration);
    if (this.#options.isGateway !== true) return;
    setTimeout(() => {
      if (run.unapplied > 0 && run.status.startsWith("waiting")) this.resume(runId, "gateway");
    }, 20);
  }

  /** Resumes a run. Returns false if it is running. */
  resume(runId: string, by: string): boolean {
    const run = this.#run(runId);
    const { status, unapplied } = run;
    this.resumes.push({ runId, by, atMs: performance.now(), status, unapplied });
    return run.resume();
  }

  get #listsApprovals(): boolean {
    return this.#options.listsApprovals === true || this.#options.isGateway === true;
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
    const { method = "", url: path = "", headers } = request;
    const { call, ...asked } = this.#understand(method, path, body);
    if (call === undefined) return this.#answer(response, 404, errorBody("NOT_FOUND", "Route not found"));
    const seen: SeenCall = { call, method, path, headers, body, atMs: performance.now() };
    this.calls.push(seen);

    const misbehaviour = this.#misbehaviours.get(call)?.shift();
    if (misbehaviour?.kind === "answer") {
      const { status, body: said = errorBody("FAULT", "as told"), headers: also } = misbehaviour;
      return sendJson(response, status, said, also);
    }
    if (misbehaviour !== undefined) {
      if (misbehaviour.taken) this.#perform(call, asked.path, asked.body);
      if (misbehaviour.kind === "reset") request.socket.resetAndDestroy();
      return;
    }
    await this.#options.onCall?.(seen);
    // The client may have left in the meantime.
    if (response.destroyed) return;
    if (call === "events" && this.#options.isGateway !== true) return this.#stream(path, response);
    const { status, answer } = this.#perform(call, asked.path, asked.body);
    this.#answer(
      response,
      status,
      this.#options.isGateway === true ? toGateway(call, status, answer) : answer,
    );
  }

  #understand(method: string, path: string, body: Record<string, unknown> | undefined) {
    if (this.#options.isGateway === true) return fromGateway(method, path, body) ?? { path, body };
    return { call: callOf(method, path, body), path, body };
  }

  #answer(response: ServerResponse, status: number, answer: unknown): void {
    sendJson(response, status, answer, this.#options.isGateway === true ? gatewayHeaders : {});
  }

  /** Performs a request. */
  #perform(
    call: Call,
    path: string,
    body: Record<string, unknown> | undefined,
  ): { status: number; answer: unknown } {
    const { pathname, searchParams } = new URL(path, this.baseUrl);
    const [, , , ofPath = "", , nodeId = "", decision] = pathname.split("/");
    const limit = Number(searchParams.get("limit") ?? 50);
    switch (call) {
      case "listRuns": {
        const status = searchParams.get("status");
        const rows = [...this.runs.values()].filter((run) => status === null || run.status === status);
        return { status: 200, answer: rows.slice(0, limit).map(runRow) };
      }
      case "listApprovals":
        return this.#listsApprovals
          ? { status: 200, answer: { approvals: [...this.runs.values()].flatMap(approvalRows) } }
          : { status: 404, answer: errorBody("NOT_FOUND", "Route not found") };
      case "runWorkflow": {
        const runId = String(body?.["runId"]);
        if (this.runs.has(runId)) {
          return { status: 409, answer: errorBody("RUN_ALREADY_EXISTS", `Run id already exists: ${runId}`) };
        }
        this.addRun(runId, { workflowPath: String(body?.["workflowPath"]) });
        return { status: 200, answer: { runId } };
      }
    }
    const runId = call === "resume" ? String(body?.["runId"]) : ofPath;
    const run = this.runs.get(runId);
    if (run === undefined) return { status: 404, answer: errorBody("RUN_NOT_FOUND", "Run not found") };
    switch (call) {
      case "getStatus":
        return { status: 200, answer: runRow(run) };
      case "events":
        return { status: 200, answer: eventPage(run, path) };
      case "nodeStates":
        return { status: 200, answer: run.nodeStates };
      case "getFrames":
        return { status: 200, answer: frameRows(run, limit) };
      case "resume":
        return {
          status: 200,
          answer: this.resume(runId, "client") ? { runId } : { runId, status: "running" },
        };
      case "sendSignal":
        return { status: 200, answer: { runId, signalName: pathname.split("/").at(-1), seq: 0 } };
      case "cancel":
        if (terminalStatuses.has(run.status))
          return { status: 404, answer: errorBody("NOT_FOUND", "Run not found") };
        run.status = "cancelled";
        break;
      default: {
        const { iteration, decidedBy } = body ?? {};
        const by = typeof decidedBy === "string" ? decidedBy : "client";
        const refusal = refuseDecision(run, nodeId, Number(iteration ?? 0));
        if (this.#options.isGateway === true && refusal !== undefined) return refusal;
        this.decide(decision as "approve" | "deny", runId, nodeId, Number(iteration ?? 0), by);
      }
    }
    return { status: 200, answer: { runId } };
  }

  #stream(path: string, response: ServerResponse): void {
    const run = this.runs.get(path.split(/[/?]/)[3] ?? "");
    if (run === undefined) return sendJson(response, 404, errorBody("NOT_FOUND", "Run not found"));
    const { frame = block, keepAliveMs = 10_000, pollMs = 5, pageSize = 200 } = this.#options;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    response.write("retry: 1000\n\n");
    let next = Number(new URL(path, this.baseUrl).searchParams.get("afterSeq") ?? -1) + 1;
    let keptAliveAt = performance.now();
    const poll = () => {
      const page = run.events.slice(next, next + pageSize);
      for (const data of page) response.write(frame(data, next++));
      if (performance.now() - keptAliveAt >= keepAliveMs) {
        response.write(": keep-alive\n\n");
        keptAliveAt = performance.now();
      }
      if (page.length === 0 && terminalStatuses.has(run.status)) response.end();
    };
    const polling = setInterval(poll, pollMs);
    this.openStreams++;
    response.on("close", () => {
      clearInterval(polling);
      this.openStreams--;
    });
    poll();
  }
}
