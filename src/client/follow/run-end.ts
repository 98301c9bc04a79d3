import type { SmithersEvent } from "../events.js";
import { isOutage } from "../http/retry.js";
import type { RunArgs } from "../requests/call-server.js";
import { getStatus } from "../requests/reads.js";
import type { Run } from "../results.js";
import { isTerminalStatus, statusOfEndEvent } from "../view/run-status.js";
import type { EventRecord } from "./event-record.js";
import type { EventStream } from "./event-stream.js";

/** After this many clean closes in a row without new events, the status is believed without the run's last event. */
const maxEmptyCloses = 3;
/** Check the status each time this many attempts in a row have failed: the run may have ended in the meantime. */
const attemptsBetweenChecks = 3;

/**
 * Decides whether a closed stream means that the run has ended. A clean close proves nothing: proxies cut idle streams,
 * and the server writes the status before the last event.
 */
export class RunEnd {
  /** The run that continues the work, if the last event about the run names one. */
  newRunId: string | undefined;

  readonly #args: RunArgs;
  readonly #stream: EventStream;
  #last: SmithersEvent | undefined;
  #emptyCloses = 0;
  #hasNewEvents = false;

  constructor(args: RunArgs, stream: EventStream) {
    this.#args = args;
    this.#stream = stream;
  }

  observe(records: readonly EventRecord[]): void {
    this.#hasNewEvents = true;
    for (const { event } of records) {
      if (!isAboutTheRun(event)) continue;
      this.#last = event;
      this.newRunId = continuedAs(event);
    }
  }

  /**
   * Requests the run's status after a clean close. Returns it if the run has ended and its last event was read, or if
   * that event did not come in several connections. Otherwise, waits until the stream may be reopened.
   *
   * @throws what `getStatus` throws, except for outages, and a `ConnectionError` after too many attempts in a row
   */
  async checkAfterClose(): Promise<Run | undefined> {
    const hadEvents = this.#hasNewEvents;
    this.#hasNewEvents = false;
    let cause: unknown;
    try {
      const run = await getStatus(this.#args);
      if (isTerminalStatus(run.status)) {
        this.#emptyCloses = hadEvents ? 0 : this.#emptyCloses + 1;
        if (isEndOf(this.#last, run) || this.#emptyCloses >= maxEmptyCloses) return run;
      } else {
        this.#emptyCloses = 0;
      }
    } catch (error) {
      this.#args.signal?.throwIfAborted();
      if (!isOutage(error)) throw error;
      // A connection that brought nothing was already counted.
      if (hadEvents) this.#stream.recordFailedAttempt();
      cause = error;
    }
    await this.#stream.pause(cause);
    return undefined;
  }

  /** From time to time while no connection succeeds, checks whether the run has ended and its last event was read. */
  async checkAfterFailure(): Promise<Run | undefined> {
    if (this.#stream.attempt === 0 || this.#stream.attempt % attemptsBetweenChecks !== 0) return undefined;
    try {
      const run = await getStatus(this.#args);
      return isTerminalStatus(run.status) && isEndOf(this.#last, run) ? run : undefined;
    } catch (error) {
      this.#args.signal?.throwIfAborted();
      if (!isOutage(error)) throw error;
      return undefined;
    }
  }
}

/**
 * Whether the event is about the run as a whole. Other events may follow the last one: a decision made after the end is
 * still recorded.
 */
function isAboutTheRun({ type }: SmithersEvent): boolean {
  return statusOfEndEvent.has(type) || type === "RunStarted" || type === "RunStatusChanged";
}

/**
 * Whether the last event about the run is the end that the status shows, and not an earlier one from before a resume.
 */
function isEndOf(event: SmithersEvent | undefined, run: Run): boolean {
  if (event === undefined) return false;
  const { type, status, timestampMs } = event as unknown as Record<string, unknown>;
  const shown = type === "RunStatusChanged" ? status : statusOfEndEvent.get(String(type));
  return shown === run.status && typeof timestampMs === "number" && timestampMs >= (run.finishedAtMs ?? 0);
}

function continuedAs(event: SmithersEvent): string | undefined {
  const { type, newRunId } = event as unknown as Record<string, unknown>;
  return type === "RunContinuedAsNew" && typeof newRunId === "string" && newRunId !== ""
    ? newRunId
    : undefined;
}
