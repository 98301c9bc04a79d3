import type { DrivenRun } from "../../../src/client/follow/driven-run.js";
import type { Clock } from "../../../src/client/http/wait.js";
import type { Check } from "../../../src/client/follow/proof.js";
import type { ApprovalView, Run, SmithersEvent } from "../../../src/client/index.js";
import { RunProgress } from "../../../src/client/follow/run-progress.js";
import { reduceEvents } from "../../../src/client/view/run-view.js";

const runId = "r1";

/** A clock that advances only when a test says so. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #timers: { at: number; resolve: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  /** Returns the delay without jitter, so that a test knows the exact moment. */
  jitter(ms: number): number {
    return ms;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const abort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      const wake = () => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
      this.#timers.push({ at: this.#now + ms, resolve: wake });
    });
  }

  /** Advances the clock by `ms` and fires the timers that are due, in order. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.splice(this.#timers.indexOf(due), 1);
      this.#now = Math.max(this.#now, due.at);
      due.resolve();
    }
    this.#now = end;
    await settled();
  }
}

/** Lets pending microtasks run. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** A run without a server: a test sets its events, status, and proof, and reads what was sent. */
export class FakeRun implements DrivenRun {
  readonly clock = new FakeClock();
  /** What was sent, each with its time. */
  readonly sent: string[] = [];
  /** Whether a check proves the view. */
  proof: Check["result"] | "unreachable" = "proven";
  /** The run's status on the server. Default: the view's. */
  status: string | undefined;
  runState: Run["runState"];
  /** Events that the server has and the view does not. */
  hidden: object[] = [];
  /** The outcomes of the next calls, in order: an error, or `undefined` for success. */
  answers: (Error | undefined)[] = [];
  own = new Set<string>();
  /** Whether the server resumes the run by itself after a decision. */
  goesOn = false;
  checks = 0;
  statusAsked = 0;
  readonly #progress = new RunProgress(runId);

  get view() {
    return this.#progress.view;
  }

  changed(): Promise<void> {
    return this.#progress.changed();
  }

  /** Adds events to the view; each takes a millisecond of the server's time. */
  async bring(...events: object[]): Promise<void> {
    this.#progress.update(reduceEvents(this.view, stamped(events, this.view.updatedAtMs ?? 1000)));
    await settled();
  }

  async check(): Promise<Check | undefined> {
    this.checks++;
    await Promise.resolve();
    if (this.proof === "unreachable") return undefined;
    const events = stamped(this.hidden, this.view.updatedAtMs ?? 1000);
    const records = events.map((event, seq) => ({ seq, data: JSON.stringify(event), event }));
    const view = reduceEvents(this.view, events);
    const run = this.#run(view.status);
    return { result: this.proof, run, view, records, missingEnds: 0 };
  }

  async getStatus(): Promise<Run> {
    this.statusAsked++;
    await Promise.resolve();
    return this.#run(this.view.status);
  }

  async decide({ nodeId, iteration }: ApprovalView, decision: string): Promise<void> {
    this.#note(`${decision} ${nodeId}${iteration === 0 ? "" : `#${iteration}`}`);
    await this.#answer();
  }

  async resume(): Promise<boolean> {
    this.#note("resume");
    await this.#answer();
    return true;
  }

  async resumesByItself(): Promise<boolean> {
    return this.goesOn;
  }

  isOwn({ nodeId }: ApprovalView): boolean {
    return this.own.has(nodeId);
  }

  #run(status: string): Run {
    const common = { runId, workflowName: "deploy", startedAtMs: 1000, finishedAtMs: null, summary: {} };
    return { ...common, status: this.status ?? status, runState: this.runState };
  }

  #note(what: string): void {
    this.sent.push(`${this.clock.now()} ${what}`);
  }

  async #answer(): Promise<void> {
    await Promise.resolve();
    const error = this.answers.shift();
    if (error !== undefined) throw error;
  }
}

function stamped(events: readonly object[], from: number): SmithersEvent[] {
  return events.map((event, index) => ({ runId, timestampMs: from + index + 1, ...event }) as SmithersEvent);
}

export const started = { type: "RunStarted" };
export const waiting = { type: "RunStatusChanged", status: "waiting-approval" };
export const opened = (nodeId: string, iteration = 0) => ({ type: "ApprovalRequested", nodeId, iteration });
export const granted = (nodeId: string, iteration = 0) => ({ type: "ApprovalGranted", nodeId, iteration });
export const denied = (nodeId: string, iteration = 0) => ({ type: "ApprovalDenied", nodeId, iteration });
export const finished = (nodeId: string) => ({ type: "NodeFinished", nodeId, iteration: 0, attempt: 1 });
