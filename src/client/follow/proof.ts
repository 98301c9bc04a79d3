import { HttpError } from "../errors/http-error.js";
import { isOutage } from "../http/retry.js";
import { settledWithin } from "../http/wait.js";
import { resolveOptions, type ResolvedOptions } from "../options.js";
import type { RunArgs } from "../requests/call-server.js";
import { getStatus, readApprovalList } from "../requests/reads.js";
import type { ApprovalRow, Run } from "../results.js";
import { hasNoApprovalList, withServer } from "../server/detect-server.js";
import type { EventConnection } from "../server/event-connection.js";
import { isTerminalStatus, isWaitingStatus } from "../view/run-status.js";
import { nodeKey, reduceEvents, type RunView } from "../view/run-view.js";
import type { EventRecord } from "./event-record.js";
import { parseEvent } from "./event-stream.js";
import { pageSize } from "./pages-ahead.js";
import type { RunProgress } from "./run-progress.js";

/** What a look at the server showed. */
export interface Look {
  /**
   * Whether the view surely shows the run as the server has it. `ended` if the run is over: then the end of its stream is
   * the only proof.
   */
  result: "proven" | "unsure" | "ended";
  run: Run;
  /** The view with the events that the look has brought. */
  view: RunView;
  /** The events that the server had and the view did not. */
  records: EventRecord[];
  /** How many more nodes have ended by the status than by the view. */
  missingEnds: number;
}

/** What a look has to prove. */
export type ProofScope = "approvals" | "everything";

/** How long the rest of a page may take that a look is waiting for, in ms. */
const maxPageMs = 500;

/**
 * Finds out whether all of a run that has not ended was read. Silence proves nothing: a poll can be held up anywhere on
 * its way. A look therefore asks for the events from the last known one on, over a new connection, and then for the
 * status. The two agree only if no event is missing that opened, decided or ended anything:
 *
 * - the same status;
 * - the same open approvals, if the server lists them (0.32). For a decision that is enough;
 * - elsewhere as many open approvals, and as many nodes that have ended. The count of approvals alone would not do: while
 *   the next turn of a loop opens its approval, the one before has been decided, and its node has ended.
 *
 * Where the counts of ended nodes never agree, because the server skips nodes without an event, a comment of the server
 * helps: it is sent after the events of a poll, so if nothing but a comment came between two looks with the same
 * result, there was nothing else to send.
 */
export class Proof {
  readonly #args: RunArgs;
  readonly #options: ResolvedOptions;
  readonly #progress: RunProgress;
  /** The result of the last look, if it was unsure only about the ended nodes. */
  #doubt: { facts: string; comments: number } | undefined;
  /** How many nodes the server counts as ended that have no event for it. */
  #silentlyEnded = 0;

  constructor(args: RunArgs, progress: RunProgress) {
    this.#args = args;
    this.#options = resolveOptions(args);
    this.#progress = progress;
  }

  /**
   * Looks at the server, once.
   *
   * @param scope what is to be proven: the status and the open approvals, which a decision needs, or all that the view
   *   shows. It makes a difference only where the server lists its approvals.
   * @returns undefined if it could not be reached, or the events do not follow the known ones
   */
  async look(scope: ProofScope = "approvals"): Promise<Look | undefined> {
    const { view, stream } = this.#progress;
    const last = stream?.last;
    if (stream === undefined || last === undefined) return undefined;
    const { position, comments } = stream;
    let connection: EventConnection | undefined;
    try {
      connection = await withServer(this.#options, (server) => server.openEvents(view.runId, position - 1));
      const page = new Page(connection, last, view);
      await page.first;
      const run = await getStatus(this.#callArgs(view));
      if (isTerminalStatus(run.status)) return this.#toLook("ended", run, page);
      const listed = run.runState === undefined ? undefined : await this.#listApprovals(view.runId);
      // The page may still be on its way; with each event the view may come to agree.
      const endsAt = performance.now() + maxPageMs;
      for (;;) {
        // After a full page there are more to come, whatever agrees.
        if (page.isFull) return this.#toLook("unsure", run, page);
        const agreement = this.#agreement(page.view, run, listed, scope);
        if (agreement === "proven") return this.#toLook("proven", run, page);
        if (agreement === "but for ends" && this.#isStill(run, listed, position, comments, page)) {
          this.#silentlyEnded = endedNodes(run.summary) - endedNodesOf(page.view);
          return this.#toLook("proven", run, page);
        }
        if (!(await page.more(endsAt - performance.now()))) {
          return this.#toLook("unsure", run, page);
        }
      }
    } catch (error) {
      this.#args.signal?.throwIfAborted();
      if (!isOutage(error) && !(error instanceof UnknownEvents)) throw error;
      return undefined;
    } finally {
      connection?.close();
    }
  }

  /**
   * Whether the server shows nothing of the run beside its status: it counts no node, and a new connection brings no event
   * although its first page comes at once.
   */
  async isEmpty(): Promise<boolean> {
    const { view } = this.#progress;
    let connection: EventConnection | undefined;
    try {
      const { status, summary } = await getStatus(this.#callArgs(view));
      if (isTerminalStatus(status) || Object.keys(summary).length > 0) return false;
      connection = await withServer(this.#options, (server) => server.openEvents(view.runId, -1));
      const endsAt = performance.now() + maxPageMs;
      for (;;) {
        const next = connection.next(pageTimeoutMs);
        next.catch(() => {});
        const turn = await settledWithin(endsAt - performance.now(), next);
        if (turn === undefined) return true;
        // A comment brings no event.
        if (turn.value === undefined || turn.value.length > 0) return false;
      }
    } catch (error) {
      this.#args.signal?.throwIfAborted();
      if (!isOutage(error)) throw error;
      return false;
    } finally {
      connection?.close();
    }
  }

  #toLook(result: Look["result"], run: Run, { view, records }: Page): Look {
    const missingEnds = endedNodes(run.summary) - endedNodesOf(view) - this.#silentlyEnded;
    return { result, run, view, records: [...records], missingEnds };
  }

  #agreement(
    view: RunView,
    run: Run,
    listed: readonly ApprovalRow[] | undefined,
    scope: ProofScope,
  ): "proven" | "but for ends" | "unsure" {
    const isSameStatus =
      view.status === run.status || (isWaitingStatus(view.status) && isWaitingStatus(run.status));
    if (!isSameStatus) return "unsure";
    if (listed !== undefined) {
      const keys = new Set(listed.map(({ nodeId, iteration }) => nodeKey(nodeId, iteration)));
      const isSame =
        keys.size === view.openApprovals.length &&
        view.openApprovals.every(({ nodeId, iteration }) => keys.has(nodeKey(nodeId, iteration)));
      if (!isSame) return "unsure";
      if (scope === "approvals") return "proven";
    } else if ((run.summary["waiting-approval"] ?? 0) !== view.openApprovals.length) {
      return "unsure";
    }
    return endedNodesOf(view) + this.#silentlyEnded === endedNodes(run.summary) ? "proven" : "but for ends";
  }

  /** Whether nothing has happened since the last look, and a comment shows that nothing is on its way. */
  #isStill(
    run: Run,
    listed: readonly ApprovalRow[] | undefined,
    position: number,
    comments: number,
    page: Page,
  ): boolean {
    const facts = JSON.stringify([position, run.status, run.summary, listed]);
    const doubt = this.#doubt;
    if (doubt?.facts === facts && page.records.length === 0) return comments > doubt.comments;
    this.#doubt = { facts, comments };
    return false;
  }

  /** The open approvals of the run, if the server has a list of them. */
  async #listApprovals(runId: string): Promise<ApprovalRow[] | undefined> {
    try {
      return await readApprovalList(this.#options, runId);
    } catch (error) {
      if (error instanceof HttpError && hasNoApprovalList(error)) return undefined;
      throw error;
    }
  }

  #callArgs(view: RunView): RunArgs {
    return { ...this.#args, runId: view.runId };
  }
}

/** The page does not begin with the event that is known. */
class UnknownEvents extends Error {}

/** The events from the last known one on. */
class Page {
  /** The known view, with the new events. */
  view: RunView;
  readonly records: EventRecord[] = [];
  /** Resolves once the known event has come. */
  readonly first: Promise<void>;
  readonly #connection: EventConnection;
  readonly #known: EventRecord;
  #pending: Promise<void> | undefined;
  #isChecked = false;
  /** The server has closed the connection cleanly. */
  #hasEnded = false;

  constructor(connection: EventConnection, known: EventRecord, view: RunView) {
    this.#connection = connection;
    this.#known = known;
    this.view = view;
    this.first = this.#readFirst();
  }

  /** Whether the server sent as many events as it does at a time. */
  get isFull(): boolean {
    return this.records.length >= pageSize - 1;
  }

  async #readFirst(): Promise<void> {
    while (!this.#isChecked && !this.#hasEnded) await this.#read();
    if (!this.#isChecked) throw new UnknownEvents();
    // Read on, so that what comes before the status is known before it is looked at.
    void this.#readOn();
  }

  /** Waits for more events, for `ms` at most; false if none came. */
  async more(ms: number): Promise<boolean> {
    const before = this.view;
    const endsAt = performance.now() + ms;
    while (this.view === before && !this.#hasEnded) {
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0 || (await settledWithin(leftMs, this.#readOn())) === undefined) break;
    }
    return this.view !== before;
  }

  #readOn(): Promise<void> {
    this.#pending ??= this.#read().finally(() => (this.#pending = undefined));
    this.#pending.catch(() => {});
    return this.#pending;
  }

  async #read(): Promise<void> {
    const messages = await this.#connection.next(pageTimeoutMs);
    if (messages === undefined) {
      this.#hasEnded = true;
      return;
    }
    const records: EventRecord[] = [];
    let seq = this.#known.seq + this.records.length;
    for (const { data } of messages) {
      const event = this.#isChecked ? parseEvent(data) : undefined;
      if (event !== undefined) records.push({ seq: ++seq, data, event });
      else if (!this.#isChecked && data === this.#known.data) this.#isChecked = true;
      else throw new UnknownEvents();
    }
    if (records.length === 0) return;
    this.records.push(...records);
    this.view = reduceEvents(
      this.view,
      records.map(({ event }) => event),
    );
  }
}

/** A page that is silent for this long is not waited for, in ms. */
const pageTimeoutMs = 5000;

const endedStates = ["finished", "failed", "cancelled", "skipped"];

/** How many nodes the server counts as ended. */
function endedNodes(summary: Readonly<Record<string, number>>): number {
  return endedStates.reduce((sum, state) => sum + (summary[state] ?? 0), 0);
}

/** How many nodes have ended by the events. */
function endedNodesOf({ nodes }: RunView): number {
  let count = 0;
  for (const { state } of nodes.values()) if (endedStates.includes(state)) count++;
  return count;
}
