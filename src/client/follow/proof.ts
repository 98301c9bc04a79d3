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

/** The result of one check at the server. */
export interface Check {
  /**
   * Whether the view is proven to show the run as the server has it. `ended` if the run has ended: then only the end of
   * its stream proves that.
   */
  result: "proven" | "unproven" | "ended";
  run: Run;
  /** The view, including the events that the check brought. */
  view: RunView;
  /** The events that the server had and the view did not. */
  records: EventRecord[];
  /** How many more nodes have ended according to the status than according to the view. */
  missingEnds: number;
}

/** What a check has to prove. */
export type ProofScope = "approvals" | "everything";

/** How long a check waits for the rest of a page, in ms. */
const maxPageMs = 500;

/**
 * Finds out whether all events of a run that has not ended were read. Silence proves nothing, because a poll can be
 * delayed anywhere on its way. A check therefore requests the events from the last known one on, over a new connection,
 * and then the status. The two agree only if no event is missing that opened, decided or ended anything:
 *
 * - The status is the same.
 * - The open approvals are the same, if the server lists them (0.32). For a decision, that is enough; to prove
 *   everything, the number of ended nodes is the same, too.
 * - If the server does not list them, the number of open approvals and the number of ended nodes are the same. The
 *   number of approvals alone is not enough: when the next iteration of a loop opens its approval, the previous one has
 *   been decided, and its node has ended.
 *
 * If the numbers of ended nodes never agree, because the server skips nodes without an event, the server's comments
 * help. It sends one after the events of a poll. So if nothing but a comment arrived between two checks with the same
 * result, the server had nothing else to send.
 */
export class Proof {
  readonly #args: RunArgs;
  readonly #options: ResolvedOptions;
  readonly #progress: RunProgress;
  /** The result of the last check, if only the number of ended nodes was unproven. */
  #doubt: { facts: string; comments: number } | undefined;
  /** How many nodes the server counts as ended without having sent an event for that. */
  #silentlyEnded = 0;

  constructor(args: RunArgs, progress: RunProgress) {
    this.#args = args;
    this.#options = resolveOptions(args);
    this.#progress = progress;
  }

  /**
   * Checks the server once.
   *
   * @param scope what to prove: the status and the open approvals, which is enough for a decision, or everything that
   *   the view shows. It makes a difference only if the server lists its approvals.
   * @returns `undefined` if no event was read yet, if the server could not be reached, or if its events do not continue
   *   the known ones
   */
  async check(scope: ProofScope = "approvals"): Promise<Check | undefined> {
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
      if (isTerminalStatus(run.status)) return this.#toCheck("ended", run, page);
      const listed = run.runState === undefined ? undefined : await this.#listApprovals(view.runId);
      // The rest of the page may still be on its way, and each event may make the view agree.
      const endsAt = performance.now() + maxPageMs;
      for (;;) {
        // After a full page there are more events, even if everything agrees.
        if (page.isFull) return this.#toCheck("unproven", run, page);
        const agreement = this.#agreement(page.view, run, listed, scope);
        if (agreement === "proven") return this.#toCheck("proven", run, page);
        if (agreement === "except ends" && this.#isStill(run, listed, position, comments, page)) {
          this.#silentlyEnded = endedNodes(run.summary) - endedNodesOf(page.view);
          return this.#toCheck("proven", run, page);
        }
        if (!(await page.more(endsAt - performance.now()))) {
          return this.#toCheck("unproven", run, page);
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
   * Whether the server shows nothing of the run except its status: it counts no nodes, and a new connection brings no
   * event, although its first page would come at once.
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
        const step = await settledWithin(endsAt - performance.now(), next);
        if (step === undefined) return true;
        // A comment arrives as an empty list.
        if (step.value === undefined || step.value.length > 0) return false;
      }
    } catch (error) {
      this.#args.signal?.throwIfAborted();
      if (!isOutage(error)) throw error;
      return false;
    } finally {
      connection?.close();
    }
  }

  #toCheck(result: Check["result"], run: Run, { view, records }: Page): Check {
    const missingEnds = endedNodes(run.summary) - endedNodesOf(view) - this.#silentlyEnded;
    return { result, run, view, records: [...records], missingEnds };
  }

  #agreement(
    view: RunView,
    run: Run,
    listed: readonly ApprovalRow[] | undefined,
    scope: ProofScope,
  ): "proven" | "except ends" | "unproven" {
    const isSameStatus =
      view.status === run.status || (isWaitingStatus(view.status) && isWaitingStatus(run.status));
    if (!isSameStatus) return "unproven";
    if (listed !== undefined) {
      const keys = new Set(listed.map(({ nodeId, iteration }) => nodeKey(nodeId, iteration)));
      const isSame =
        keys.size === view.openApprovals.length &&
        view.openApprovals.every(({ nodeId, iteration }) => keys.has(nodeKey(nodeId, iteration)));
      if (!isSame) return "unproven";
      if (scope === "approvals") return "proven";
    } else if ((run.summary["waiting-approval"] ?? 0) !== view.openApprovals.length) {
      return "unproven";
    }
    return endedNodesOf(view) + this.#silentlyEnded === endedNodes(run.summary) ? "proven" : "except ends";
  }

  /** Whether nothing has happened since the last check, and a comment shows that nothing is on its way. */
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

  /** Returns the run's open approvals, or `undefined` if the server does not list them. */
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

/** The page does not start with the last known event. */
class UnknownEvents extends Error {}

/** The events from the last known one on. */
class Page {
  /** The known view, updated with the new events. */
  view: RunView;
  readonly records: EventRecord[] = [];
  /** Resolves once the known event has arrived. */
  readonly first: Promise<void>;
  readonly #connection: EventConnection;
  readonly #known: EventRecord;
  #pending: Promise<void> | undefined;
  #isChecked = false;
  /** Whether the server has closed the connection cleanly. */
  #hasEnded = false;

  constructor(connection: EventConnection, known: EventRecord, view: RunView) {
    this.#connection = connection;
    this.#known = known;
    this.view = view;
    this.first = this.#readFirst();
  }

  /** Whether the server sent as many events as it sends at a time. */
  get isFull(): boolean {
    return this.records.length >= pageSize - 1;
  }

  async #readFirst(): Promise<void> {
    while (!this.#isChecked && !this.#hasEnded) await this.#read();
    if (!this.#isChecked) throw new UnknownEvents();
    // Keep reading, so that events sent before the status are known when the status is compared.
    void this.#readOn();
  }

  /** Waits up to `ms` for more events. Returns false if none came. */
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

/** Stop waiting for a page after a silence of this long, in ms. */
const pageTimeoutMs = 5000;

const endedStates = ["finished", "failed", "cancelled", "skipped"];

/** Returns how many nodes have ended according to the server. */
function endedNodes(summary: Readonly<Record<string, number>>): number {
  return endedStates.reduce((sum, state) => sum + (summary[state] ?? 0), 0);
}

/** Returns how many nodes have ended according to the events. */
function endedNodesOf({ nodes }: RunView): number {
  let count = 0;
  for (const { state } of nodes.values()) if (endedStates.includes(state)) count++;
  return count;
}
