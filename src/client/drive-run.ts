import { connect } from "./connection.js";
import { ArgumentError } from "./errors/argument-error.js";
import { HttpError } from "./errors/http-error.js";
import type { EventBatch } from "./event-batch.js";
import { isOutage } from "./event-stream.js";
import { eventsOf } from "./events-of.js";
import { linkAbort } from "./linked-abort.js";
import { quietAfter } from "./quiet-after.js";
import { approve, deny, getStatus, listRuns, resume, type RunArgs } from "./requests.js";
import type { BlockedRun, RunStatus } from "./results.js";
import { emptyRunView, nodeKey, reduceRunAll, type ApprovalView, type RunView } from "./run-view.js";
import type { SmithersEvent } from "./smithers-event.js";
import { jittered } from "./wait.js";
import { watchRecords, type WatchRunArgs } from "./watch-run.js";

/** What is to become of a gate: decided, or left to somebody else. */
export type GateDecision =
  "approve" | "deny" | "wait" | { decision: "approve" | "deny"; note?: string | undefined };

/** What `onApproval` is told beside the gate. */
export interface GateContext {
  /** The run as it stands. */
  view: RunView;
  /** Aborted when the gate needs no answer any more: somebody else decided it, or the run ended. */
  signal: AbortSignal;
}

/** What {@link driveRun} takes. */
export interface DriveRunArgs extends WatchRunArgs {
  /**
   * Asked once for each gate that opens and that nobody has decided. Events go on coming while it thinks.
   * Default: gates are left to others.
   */
  onApproval?:
    ((gate: ApprovalView, context: GateContext) => GateDecision | Promise<GateDecision>) | undefined;
  /**
   * When to ask: as soon as the server names the gate, which 0.5.0 does before the nodes in front of it have run, or
   * when the run has come to it. Default: `named`.
   */
  askWhen?: "named" | "reached" | undefined;
  /**
   * Whether to resume the run where that is all it waits for: after a decision, anybody's; when a timer is due or a quota
   * is full again; and while it waits for a signal, now and then. Default: true.
   */
  resume?: boolean | undefined;
  /** Where the workflow's file is on the server, for a resume. Default: looked up in the server's list of runs. */
  workflowPath?: string | undefined;
  /** End, with the run's status as it is, once the run itself waits for approvals and nothing else can move it. */
  stopAtGate?: boolean | undefined;
  /** Told of each decision that was made here. */
  onDecided?: ((gate: ApprovalView, decision: "approve" | "deny") => void) | undefined;
  /** Told, once for each, what a run waits for that is no gate: a signal, a timer, a quota. */
  onBlocked?: ((runId: string, blocked: BlockedRun) => void) | undefined;
  /** Told of each resume that was sent here, and what it is for. */
  onResumed?: ((runId: string, reason: ResumeReason) => void) | undefined;
  /**
   * Told when a resume is needed that cannot be sent, because the server keeps no list of runs to look the workflow up
   * in. Default: the error is thrown.
   */
  onResumeImpossible?: ((runId: string, error: unknown) => void) | undefined;
}

/** What a resume is for; for `event`, to see whether the signal has come. */
export type ResumeReason = "decision" | "timer" | "quota" | "event";

/**
 * Carries a run to its end: yields its events as {@link watchRun} does, has its gates decided, and sends the resumes
 * without which a server lets it lie: after a decision, whoever made it, when a timer is due, when a quota is known to be
 * full again. A signal is another matter, since nothing that a server tells shows that one has come: while the run waits
 * for one (or for the time limit of that) it is resumed after 5 s, 10 s, … and at last every 5 minutes. Whoever sends
 * the signal does better to send the resume as well. A run that somebody paused, or whose engine died, is left alone.
 *
 * @example
 * for await (const event of driveRun({ runId, onApproval: () => "approve" })) console.log(event.type);
 *
 * @throws what `watchRun`, `approve`, `deny` and `resume` throw, and what `onApproval` throws
 */
export function driveRun(args: DriveRunArgs): AsyncGenerator<SmithersEvent, RunStatus, undefined> {
  return eventsOf(driveRecords(args));
}

/** As {@link driveRun}, with each event's number and the server's own text, those of one network chunk together. */
export async function* driveRecords(args: DriveRunArgs): AsyncGenerator<EventBatch, RunStatus, undefined> {
  const { signal } = connect(args);
  const driver = new Driver(args);
  const { controller: stop, unlink } = linkAbort(signal);
  const records = watchRecords({ ...args, signal: stop.signal });
  try {
    let next = records.next();
    for (;;) {
      const turn = await Promise.race([next, driver.due()]);
      if (turn === undefined) {
        const ended = await driver.act();
        if (ended !== undefined) return ended;
        continue;
      }
      if (turn.done) return turn.value;
      driver.see(turn.value);
      yield turn.value;
      next = records.next();
    }
  } finally {
    unlink();
    driver.close();
    stop.abort();
    await records.return(undefined as never).catch(() => {});
  }
}

/**
 * Milliseconds that a decision made elsewhere is left to whoever made it to resume, so that two followers of one run
 * do not start two engines on it; jitter keeps those who wait apart.
 */
const othersResumeFirstMs = 2000;

/** Milliseconds before a decision or a resume that failed is tried again. */
const afterFailureMs = 2000;

/** Milliseconds until a run that waits for a signal is resumed, doubled each time that it had not come, and the most. */
const signalMs = { first: 5000, most: 300_000 };

interface NextResume {
  /** By `performance.now()`. */
  at: number;
  reason: ResumeReason;
}

const never: NextResume = { at: Infinity, reason: "event" };

function resumeIn(ms: number, reason: ResumeReason): NextResume {
  return Number.isNaN(ms) ? never : { at: performance.now() + ms, reason };
}

interface Answer {
  gate: ApprovalView;
  decision: GateDecision;
  /** Why an earlier try failed. */
  error: unknown;
}

/** Decides when something is due, and does it; the events themselves pass it by. */
class Driver {
  readonly #args: DriveRunArgs;
  #view: RunView;
  #seen = 0;
  /** Ends the wait for something to do. */
  #wakeUp: () => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the history counts as read to its end, so that what the view shows is how things are. */
  #settledAt = Infinity;
  /** Gates asked about, each with what ends the question. */
  readonly #asked = new Map<string, AbortController>();
  #answers: Answer[] = [];
  /** Not before this are the answers carried out: after a failure they wait for what the events tell. */
  #answersAt = 0;
  readonly #failures: unknown[] = [];
  /** Decisions made here, to be resumed at once. */
  readonly #ours = new Set<string>();
  /** Decisions for which a resume was sent. */
  readonly #resumed = new Set<string>();
  /** The next resume; undefined until it is known what a run waits for. */
  #next: NextResume | undefined;
  /** What the run was found to wait for, and how long the next resume is away where that is a signal. */
  #wait = { key: "", signalDelayMs: signalMs.first };

  constructor(args: DriveRunArgs) {
    this.#args = args;
    this.#view = emptyRunView(args.runId);
  }

  see(batch: EventBatch): void {
    // One chunk comes from one connection, and so is about one run.
    const { runId } = this.#view;
    this.#view = reduceRunAll(this.#view, batch.telling);
    this.#seen = this.#view.runId === runId ? this.#seen + batch.length : batch.length;
    this.#settledAt = performance.now() + quietAfter(this.#seen);
    const open = new Set(this.#view.openGates.map(gateKey));
    for (const [key, question] of this.#asked) {
      if (!open.has(key)) question.abort(new Error("the gate has been decided"));
    }
    const waiting = this.#untaken();
    if (waiting.length === 0) this.#next = undefined;
    else if (this.#next?.reason !== "decision") {
      const ours = waiting.some((gate) => this.#ours.has(gateKey(gate)));
      this.#next = resumeIn(ours ? 0 : jittered(othersResumeFirstMs), "decision");
    }
  }

  /** Resolves when there is something to do. */
  due(): Promise<undefined> {
    return new Promise((resolve) => {
      const now = performance.now();
      this.#wakeUp = () => resolve(undefined);
      clearTimeout(this.#timer);
      if (this.#failures.length > 0) return resolve(undefined);
      const at = Math.min(this.#nextLook(), this.#answers.length > 0 ? this.#answersAt : Infinity);
      if (at === Infinity) return;
      this.#timer = setTimeout(() => resolve(undefined), Math.min(Math.max(0, at - now), 2 ** 31 - 1));
    });
  }

  /** Does what is due; a status ends the driving. */
  async act(): Promise<RunStatus | undefined> {
    if (this.#failures.length > 0) throw this.#failures[0];
    if (performance.now() >= this.#answersAt) {
      const answers = this.#answers;
      this.#answers = [];
      for (const answer of answers) await this.#decide(answer);
    }
    const now = performance.now();
    if (now < this.#settledAt) return undefined;
    this.#settledAt = Infinity;
    this.#askAboutGates();
    this.#next ??= await this.#otherResume();
    if (this.#next !== undefined && now >= this.#next.at) await this.#resume(this.#next.reason);
    return this.#stopAtGate();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const question of this.#asked.values()) question.abort(new Error("the following has ended"));
  }

  /** When to look again: once the history has settled, and when a resume is due. */
  #nextLook(): number {
    if (this.#settledAt === Infinity) this.#settledAt = this.#next?.at ?? Infinity;
    return this.#settledAt;
  }

  /** When to resume a run that has stopped for something else than a gate; undefined where the server cannot be asked. */
  async #otherResume(): Promise<NextResume | undefined> {
    const { status } = this.#view;
    if (this.#args.resume === false || !isWaiting(status) || status === "waiting-approval") return never;
    try {
      const { runState } = await getStatus(this.#callArgs());
      const { blocked, computedAt } = runState ?? {};
      const serverNow = Date.parse(computedAt ?? "") || Date.now();
      if (blocked === undefined) return never;
      const { kind, nodeId = "" }: { kind: string; nodeId?: string } = blocked;
      const key = `${this.#view.runId} ${kind} ${nodeId}`;
      if (this.#wait.key !== key) {
        this.#wait = { key, signalDelayMs: signalMs.first };
        this.#args.onBlocked?.(this.#view.runId, blocked);
      }
      // Where a server has somebody who resumes, that one comes first.
      const at = (time: number, reason: ResumeReason) =>
        resumeIn(Math.max(0, time - serverNow) + jittered(othersResumeFirstMs), reason);
      if (blocked.kind === "timer") return at(Date.parse(String(blocked["wakeAt"])), "timer");
      if (blocked.kind === "quota") return at(Number(blocked["resetAtMs"]), "quota");
      return blocked.kind === "event" ? resumeIn(jittered(this.#wait.signalDelayMs), "event") : never;
    } catch (error) {
      if (this.#args.signal?.aborted || !isOutage(error)) throw error;
      this.#settledAt = performance.now() + afterFailureMs;
      return undefined;
    }
  }

  /** The decisions that nothing will take up without a resume that has not been sent. */
  #untaken(): ApprovalView[] {
    if (this.#args.resume === false || !isWaiting(this.#view.status)) return [];
    return this.#view.untakenDecisions.filter((gate) => !this.#resumed.has(gateKey(gate)));
  }

  #askAboutGates(): void {
    const { onApproval, askWhen = "named" } = this.#args;
    if (onApproval === undefined) return;
    for (const gate of this.#view.openGates) {
      const key = gateKey(gate);
      const reached = gate.request !== null || isWaiting(this.#view.status);
      if (this.#asked.has(key) || (askWhen === "reached" && !reached)) continue;
      const question = new AbortController();
      this.#asked.set(key, question);
      void (async () => {
        try {
          const decision = await onApproval(gate, { view: this.#view, signal: question.signal });
          if (!question.signal.aborted) this.#answers.push({ gate, decision, error: undefined });
        } catch (error) {
          if (!question.signal.aborted) this.#failures.push(error);
        }
        this.#wakeUp();
      })();
    }
  }

  async #decide(answer: Answer): Promise<void> {
    const { gate } = answer;
    const { decision, note } =
      typeof answer.decision === "string" ? { decision: answer.decision, note: undefined } : answer.decision;
    const isOpen = this.#view.openGates.some((open) => gateKey(open) === gateKey(gate));
    if (decision === "wait" || !isOpen) return;
    try {
      if (answer.error !== undefined) await this.#mayDecideAgain(answer.error);
      const call = decision === "approve" ? approve : deny;
      await call({ ...this.#callArgs(), nodeId: gate.nodeId, iteration: gate.iteration, note });
    } catch (error) {
      // An outage passes; a refusal may only mean that somebody was faster, which the events will tell.
      if (this.#args.signal?.aborted || (error === answer.error && !isOutage(error))) throw error;
      if (!isOutage(error) && !(error instanceof HttpError)) throw error;
      this.#answers.push({ ...answer, error });
      this.#answersAt = performance.now() + afterFailureMs;
      return;
    }
    this.#ours.add(gateKey(gate));
    this.#args.onDecided?.(gate, decision);
  }

  /** A decision whose answer was lost is made again only once the server surely has the gate open still. */
  async #mayDecideAgain(error: unknown): Promise<void> {
    if (!isOutage(error)) throw error;
    const { summary } = await getStatus(this.#callArgs());
    if ((summary["waiting-approval"] ?? 0) !== this.#view.openGates.length) throw error;
  }

  async #resume(reason: ResumeReason): Promise<void> {
    const decided = this.#untaken();
    // What comes after it, the events tell.
    this.#next = never;
    const done = () => decided.forEach((gate) => this.#resumed.add(gateKey(gate)));
    try {
      // Somebody may have resumed it meanwhile, which the events tell a moment later.
      const { status } = await getStatus(this.#callArgs());
      if (!isWaiting(status)) return;
      const workflowPath = await this.#workflowPath();
      if (workflowPath === undefined) return done();
      await resume({ ...this.#callArgs(), workflowPath });
    } catch (error) {
      if (this.#args.signal?.aborted || !isOutage(error)) throw error;
      this.#next = resumeIn(afterFailureMs, reason);
      return;
    }
    done();
    if (reason === "event") {
      this.#wait.signalDelayMs = Math.min(2 * this.#wait.signalDelayMs, signalMs.most);
    }
    this.#args.onResumed?.(this.#view.runId, reason);
  }

  async #workflowPath(): Promise<string | undefined> {
    if (this.#args.workflowPath !== undefined) return this.#args.workflowPath;
    try {
      return await findWorkflowPath(this.#callArgs());
    } catch (error) {
      if (this.#args.onResumeImpossible === undefined || isOutage(error)) throw error;
      this.#args.onResumeImpossible(this.#view.runId, error);
      return undefined;
    }
  }

  async #stopAtGate(): Promise<RunStatus | undefined> {
    const { stopAtGate, resume: resumes } = this.#args;
    const moves = resumes !== false && this.#view.untakenDecisions.length > 0;
    if (stopAtGate !== true || !isWaiting(this.#view.status) || this.#view.openGates.length === 0 || moves)
      return undefined;
    const status = await getStatus(this.#callArgs());
    return status.status === "waiting-approval" ? status : undefined;
  }

  /** The arguments of a call about the run that is followed now. */
  #callArgs(): RunArgs {
    const { baseUrl, apiKey, signal, timeoutMs, retries, fetch } = this.#args;
    return { runId: this.#view.runId, baseUrl, apiKey, signal, timeoutMs, retries, fetch };
  }
}

/**
 * Where a run's workflow file is on the server.
 *
 * @throws {@link HttpError} `DB_NOT_CONFIGURED` where the server keeps no list
 * @throws {@link ArgumentError} where the list has no such run, or not its file
 */
export async function findWorkflowPath(args: RunArgs): Promise<string> {
  const { runId, ...connection } = args;
  // Most runs asked about are recent; the long list is fetched only where the short one has not the run.
  for (const limit of [100, 100_000]) {
    const row = (await listRuns({ ...connection, limit })).find((each) => each.runId === runId);
    if (row !== undefined && typeof row.workflowPath === "string" && row.workflowPath !== "")
      return row.workflowPath;
  }
  throw new ArgumentError("runId", `the server's list of runs has no workflow file for run ${runId}`);
}

/**
 * Whether a run of this status has stopped, at a gate or to wait for something else, until somebody does what it takes
 * and resumes it. While it executes, its engine sees decisions by itself. A run that is `paused` was stopped by a person.
 */
export function isWaiting(status: string): boolean {
  return status.startsWith("waiting-");
}

/** A gate that opens again, in the same turn of its loop, is another one. */
function gateKey(gate: ApprovalView): string {
  return `${nodeKey(gate.nodeId, gate.iteration)}@${gate.requestedAtMs ?? 0}`;
}
