import type { EventBatch } from "./event-batch.js";
import { isOutage, type EventStream } from "./event-stream.js";
import { getStatus, type RunArgs } from "./requests.js";
import type { RunStatus } from "./results.js";
import type { SmithersEvent } from "./smithers-event.js";

/** How often a clean close without the run's last event is asked again before the status is taken as it is. */
const emptyClosesBelieved = 3;

/**
 * Tells the end of a run from the end of a stream. That a stream was closed in good order proves nothing: proxies cut
 * idle streams, and the server writes the status before the last event.
 */
export class RunEnd {
  /** In which run the work goes on, where the last event about the run says so. */
  newRunId: string | undefined;

  readonly #args: RunArgs;
  readonly #stream: EventStream;
  #last: SmithersEvent | undefined;
  #brought = false;
  #emptyCloses = 0;

  constructor(args: RunArgs, stream: EventStream) {
    this.#args = args;
    this.#stream = stream;
  }

  /** Takes note of what the stream brought. */
  see(batch: EventBatch): void {
    this.#brought = true;
    for (const event of batch.telling) {
      if (!isAboutTheRun(event)) continue;
      this.#last = event;
      this.newRunId = continuedAs(event);
    }
  }

  /**
   * Asks, after a clean close, for the run's status: gives it where the run is over and its last event has been seen,
   * and otherwise waits until the stream may be opened again.
   *
   * @throws what `getStatus` throws, but for an outage, and a `ConnectionError` where nothing came too often in a row
   */
  async reached(): Promise<RunStatus | undefined> {
    const brought = this.#brought;
    this.#brought = false;
    let cause: unknown;
    try {
      const status = await getStatus(this.#args);
      if (isOver(status.status)) {
        this.#emptyCloses = brought ? 0 : this.#emptyCloses + 1;
        if (isItsEnd(this.#last, status) || this.#emptyCloses >= emptyClosesBelieved) return status;
      } else {
        this.#emptyCloses = 0;
      }
    } catch (error) {
      this.#args.signal?.throwIfAborted();
      if (!isOutage(error)) throw error;
      // A connection that brought nothing has been counted already.
      if (brought) this.#stream.countFruitless();
      cause = error;
    }
    await this.#stream.pause(cause);
    return undefined;
  }
}

/** Whether a run of this status can bring no more events without somebody starting it again. */
export function isOver(status: string): boolean {
  return status !== "running" && status !== "paused" && !status.startsWith("waiting-");
}

const endEvents: Record<string, string> = {
  RunFinished: "finished",
  RunFailed: "failed",
  RunCancelled: "cancelled",
  RunContinuedAsNew: "continued",
};

/**
 * Whether the event is about the run as a whole. Others may follow the run's last one: a decision that comes after the
 * end is recorded all the same.
 */
function isAboutTheRun({ type }: SmithersEvent): boolean {
  return Object.hasOwn(endEvents, type) || type === "RunStarted" || type === "RunStatusChanged";
}

/** Whether the last event about the run is the end that the status tells of, not one before a resume. */
function isItsEnd(event: SmithersEvent | undefined, status: RunStatus): boolean {
  if (event === undefined) return false;
  const says =
    event.type === "RunStatusChanged" ? (event as { status?: unknown }).status : endEvents[event.type];
  return says === status.status && event.timestampMs >= (status.finishedAtMs ?? 0);
}

function continuedAs(event: SmithersEvent): string | undefined {
  const { newRunId } = event as { newRunId?: unknown };
  const isContinued = event.type === "RunContinuedAsNew" && typeof newRunId === "string" && newRunId !== "";
  return isContinued ? newRunId : undefined;
}
