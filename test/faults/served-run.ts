/** An approval that a scripted run asks for. */
export interface ScriptedApproval {
  nodeId: string;
  /** Default: 0. */
  iteration?: number;
  /** What a denial does to the run. Default: `fail`. */
  ifDenied?: "fail" | "skip";
}

/** A step of a scripted run: some tasks, or approvals that it requests together, with tasks to run in the meantime. */
export type ScriptStep = { tasks: number } | { approvals: ScriptedApproval[]; meanwhile?: number };

/** The fields of a run that a test may set. */
export interface ServedRunFields {
  workflowPath?: string;
  /** Default: `flow`. */
  workflowName?: string;
  /** The run that this one continues. */
  parentRunId?: string;
  /** The JSON texts of the events so far. */
  events?: string[];
  status?: string;
  finishedAtMs?: number | null;
  /** What a server of 0.32 says about a run that has stopped. */
  runState?: object | undefined;
  /** What the run does when it is started or resumed. Default: nothing by itself. */
  script?: ScriptStep[];
  /** How the script ends if no denial ends it. Default: `finished`. */
  end?: "finished" | "failed" | "cancelled";
  /** Awaited between two events of the script. Default: the script runs in one go. */
  pace?: (() => Promise<void>) | undefined;
}

export interface OpenApproval {
  nodeId: string;
  iteration: number;
  requestedAtMs: number;
}

export const terminalStatuses: ReadonlySet<string> = new Set([
  "finished",
  "failed",
  "cancelled",
  "continued",
]);

const endEvents = { finished: "RunFinished", failed: "RunFailed", cancelled: "RunCancelled" } as const;

const stateAfter: Record<string, string> = {
  NodePending: "pending",
  NodeStarted: "in-progress",
  NodeRetrying: "in-progress",
  NodeFinished: "finished",
  NodeFailed: "failed",
  NodeCancelled: "cancelled",
  NodeSkipped: "skipped",
  NodeWaitingApproval: "waiting-approval",
  ApprovalGranted: "pending",
  ApprovalDenied: "failed",
};

const nameOf = ({ nodeId, iteration = 0 }: ScriptedApproval) => `${nodeId}::${iteration}`;

/** A run as 0.5.0 stores it, and a small engine that executes its script as the engine of 0.5.0 would. */
export class ServedRun {
  readonly runId: string;
  readonly workflowPath: string;
  readonly workflowName: string;
  parentRunId: string | undefined;
  /** The events' JSON texts, by their number. */
  readonly events: string[] = [];
  status: string;
  finishedAtMs: number | null;
  runState: object | undefined;
  /** The newest frame's number. */
  frameNo = 0;
  pace: (() => Promise<void>) | undefined;
  /** The state of each node, as in the server's table. */
  readonly #nodes = new Map<string, string>();
  readonly #approvals = new Map<string, OpenApproval & { decision?: "approve" | "deny" }>();
  /** Decided approvals whose decisions the engine has applied. */
  readonly #applied = new Set<string>();
  readonly #steps: ScriptStep[] | undefined;
  readonly #end: keyof typeof endEvents;
  #tasks = 0;
  readonly #publishedAtMs: number[] = [];
  #isExecuting = false;
  #resumeAgain = false;
  #clock = 1_700_000_000_000;

  constructor(runId: string, fields: ServedRunFields = {}) {
    this.runId = runId;
    this.workflowPath = fields.workflowPath ?? "flow.tsx";
    this.workflowName = fields.workflowName ?? "flow";
    this.parentRunId = fields.parentRunId;
    this.status = fields.status ?? "running";
    this.finishedAtMs = fields.finishedAtMs ?? null;
    this.runState = fields.runState;
    this.pace = fields.pace;
    this.#steps = structuredClone(fields.script);
    this.#end = fields.end ?? "finished";
    // 0.5.0 keeps a row for an upcoming task that no event has named.
    if (fields.script !== undefined) this.#nodes.set("ship::0", "pending");
    for (const event of fields.events ?? []) this.publish(event);
  }

  /** Returns the events that were published by then. In ms, by `performance.now()`. */
  eventsUntil(atMs: number): string[] {
    return this.events.filter((_, index) => (this.#publishedAtMs[index] ?? Infinity) <= atMs);
  }

  /** Whether the engine is executing. */
  get isExecuting(): boolean {
    return this.#isExecuting;
  }

  /** How many nodes are in each state. */
  get summary(): Record<string, number> {
    const summary: Record<string, number> = {};
    for (const state of this.#nodes.values()) summary[state] = (summary[state] ?? 0) + 1;
    return summary;
  }

  /** Each node with its state. */
  get nodeStates(): object[] {
    return [...this.#nodes].map(([name, state]) => {
      const [nodeId, iteration] = name.split("::");
      return { nodeId, iteration: Number(iteration), state, label: null };
    });
  }

  get openApprovals(): OpenApproval[] {
    return [...this.#approvals.values()].filter(({ decision }) => decision === undefined);
  }

  /** How many decisions the engine has not applied. */
  get unapplied(): number {
    return [...this.#approvals].filter(
      ([name, { decision }]) => decision !== undefined && !this.#applied.has(name),
    ).length;
  }

  /** Adds an event to the history and updates the tables. */
  publish(event: object | string): void {
    const text = typeof event === "string" ? event : JSON.stringify(event);
    this.events.push(text);
    this.#publishedAtMs.push(performance.now());
    const parsed = parse(text);
    if (typeof parsed["frameNo"] === "number") this.frameNo = parsed["frameNo"];
    const { type, nodeId, iteration = 0, timestampMs = 0 } = parsed as Record<string, never>;
    if (typeof nodeId !== "string") return;
    const name = nameOf({ nodeId, iteration });
    const state = stateAfter[String(type)];
    if (state !== undefined) this.#nodes.set(name, state);
    if (type === "NodeWaitingApproval") {
      this.#approvals.set(name, { nodeId, iteration, requestedAtMs: timestampMs });
    }
    if (type === "ApprovalGranted" || type === "ApprovalDenied") {
      const decision = type === "ApprovalGranted" ? "approve" : "deny";
      const approval = this.#approvals.get(name) ?? { nodeId, iteration, requestedAtMs: timestampMs };
      this.#approvals.set(name, { ...approval, decision });
      // A decision that replaces an earlier one has to be applied again.
      this.#applied.delete(name);
    }
  }

  /** Returns the decision on an approval: `open` if there is none, `undefined` if it was never requested. */
  decisionOf(nodeId: string, iteration: number): "approve" | "deny" | "open" | undefined {
    const approval = this.#approvals.get(nameOf({ nodeId, iteration }));
    return approval && (approval.decision ?? "open");
  }

  /** Records a decision, even if there is nothing to decide, as 0.5.0 does. */
  decide(decision: "approve" | "deny", nodeId: string, iteration: number): void {
    const type = decision === "approve" ? "ApprovalGranted" : "ApprovalDenied";
    this.#tell(type, { nodeId, iteration });
  }

  /** Starts the engine on the script. Returns false if the status says that it is already running. */
  resume(): boolean {
    if (this.#isExecuting) {
      // The engine has written that it is pausing, and is about to pause.
      this.#resumeAgain = this.status !== "running";
      return this.#resumeAgain;
    }
    if (this.#steps === undefined) this.status = "running";
    else void this.#play(this.#steps);
    return true;
  }

  async #play(steps: ScriptStep[]): Promise<void> {
    this.#isExecuting = true;
    do {
      this.#resumeAgain = false;
      const execution = this.#execute(steps);
      while (!execution.next().done) {
        if (this.pace !== undefined) await this.pace();
      }
    } while (this.#resumeAgain);
    this.#isExecuting = false;
  }

  /** Executes the script until it pauses or ends; time may pass at each `yield`. */
  *#execute(steps: ScriptStep[]): Generator<void, void, undefined> {
    this.status = "running";
    this.#tell("RunStarted");
    yield;
    this.#render();
    for (let step = steps[0]; step !== undefined; step = steps[0]) {
      if ("tasks" in step) {
        yield* this.#runTasks(step.tasks);
      } else {
        for (const approval of step.approvals) yield* this.#request(approval);
        yield* this.#runTasks(step.meanwhile ?? 0);
        step.meanwhile = 0;
        if (yield* this.#applyDecisions(step.approvals)) {
          this.#render();
          continue;
        }
        const decisions = step.approvals.map(({ nodeId, iteration = 0 }) =>
          this.decisionOf(nodeId, iteration),
        );
        if (decisions.includes("open")) return yield* this.#pause();
        const isFailed = step.approvals.some(
          ({ ifDenied = "fail" }, at) => ifDenied === "fail" && decisions[at] === "deny",
        );
        if (isFailed) return yield* this.#finish("failed");
      }
      steps.shift();
      this.#render();
    }
    yield* this.#runTask("ship", 0);
    yield* this.#finish(this.#end);
  }

  *#request({ nodeId, iteration = 0 }: ScriptedApproval): Generator<void, void, undefined> {
    if (this.decisionOf(nodeId, iteration) !== undefined) return;
    this.#tell("ApprovalRequested", { nodeId, iteration });
    this.#tell("NodeWaitingApproval", { nodeId, iteration });
    yield;
  }

  /** Applies decisions. Returns whether there was one to apply. */
  *#applyDecisions(approvals: ScriptedApproval[]): Generator<void, boolean, undefined> {
    let didApply = false;
    for (const approval of approvals) {
      const { nodeId, iteration = 0, ifDenied } = approval;
      const decision = this.decisionOf(nodeId, iteration);
      if (decision === "open" || this.#applied.has(nameOf(approval))) continue;
      this.#applied.add(nameOf(approval));
      didApply = true;
      if (decision === "approve") yield* this.#runTask(nodeId, iteration);
      // As on 0.5.0, no event says that a node was skipped.
      else if (ifDenied === "skip") this.#nodes.set(nameOf(approval), "skipped");
    }
    return didApply;
  }

  *#runTasks(count: number): Generator<void, void, undefined> {
    for (let left = count; left > 0; left--) {
      yield* this.#runTask(`task-${this.#tasks++}`, 0);
      this.#render();
      yield;
    }
  }

  *#runTask(nodeId: string, iteration: number): Generator<void, void, undefined> {
    this.#tell("NodeStarted", { nodeId, iteration, attempt: 1, note: "進🚀é" });
    yield;
    this.#tell("NodeFinished", { nodeId, iteration, attempt: 1 });
  }

  /** Stops until a resume. The status is written a moment before its event. */
  *#pause(): Generator<void, void, undefined> {
    this.status = "waiting-approval";
    yield;
    this.#tell("RunStatusChanged", { status: "waiting-approval" });
  }

  *#finish(status: keyof typeof endEvents): Generator<void, void, undefined> {
    this.status = status;
    this.finishedAtMs = this.#clock;
    yield;
    this.#tell(endEvents[status], status === "failed" ? { error: "Task failed" } : {});
  }

  #render(): void {
    this.#tell("FrameCommitted", { frameNo: this.frameNo + 1, xmlHash: "0c05aa51f418" });
  }

  #tell(type: string, fields: object = {}): void {
    // The number makes each event unique.
    const common = { type, runId: this.runId, n: this.events.length, timestampMs: this.#clock++ };
    this.publish({ ...common, ...fields });
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
