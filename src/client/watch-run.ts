import { connect, type Connection, type ConnectionOptions } from "./connection.js";
import { EventStream, isOutage, type EventRecord, type StreamOptions } from "./event-stream.js";
import { getStatus } from "./requests.js";
import type { RunStatus } from "./results.js";
import { rememberStart } from "./started-runs.js";
import type { SmithersEvent } from "./smithers-event.js";

export interface WatchRunArgs extends ConnectionOptions, StreamOptions {
  runId: string;
  /** Called when the work goes on as another run, which is then followed (servers from 0.32 on). */
  onContinued?: ((continued: { runId: string; newRunId: string }) => void) | undefined;
}

/**
 * Yields a run's events until the run itself has ended, through broken connections, restarts of the server, pauses and
 * resumes; the loop ends when the run has, and the generator returns its last status.
 *
 * Throws what {@link streamEvents} throws.
 */
export async function* watchRun(args: WatchRunArgs): AsyncGenerator<SmithersEvent, RunStatus, undefined> {
  const records = watchRecords(args);
  try {
    for (;;) {
      const { done, value } = await records.next();
      if (done) return value;
      for (const record of value) yield record.event;
    }
  } finally {
    await records.return(undefined as never);
  }
}

/**
 * As {@link watchRun}, with each event's number and the server's own text, and those of one network chunk together:
 * for programs that pass events on.
 */
export async function* watchRecords(args: WatchRunArgs): AsyncGenerator<EventRecord[], RunStatus, undefined> {
  const connection = connect(args);
  let runId = args.runId;
  // In the run in which the work goes on, the numbering starts anew.
  for (let afterSeq = args.afterSeq; ; afterSeq = undefined) {
    const isContinued = runId !== args.runId;
    const { status, newRunId } = yield* watchOne(connection, { ...args, afterSeq, runId }, isContinued);
    if (newRunId === undefined) return status;
    args.onContinued?.({ runId, newRunId });
    rememberStart(connection.baseUrl, newRunId);
    runId = newRunId;
  }
}

/** How often a clean close without the run's last event is asked again before the status is taken as it is. */
const emptyClosesBelieved = 3;

async function* watchOne(
  connection: Connection,
  args: WatchRunArgs,
  serverSeen: boolean,
): AsyncGenerator<EventRecord[], { status: RunStatus; newRunId?: string | undefined }, undefined> {
  const stream = new EventStream(connection, args.runId, args, serverSeen);
  let last: SmithersEvent | undefined;
  let newRunId: string | undefined;
  let emptyCloses = 0;
  for (;;) {
    let brought = false;
    for await (const records of stream.read()) {
      brought = true;
      for (const { event } of records) {
        if (isAboutTheRun(event)) last = event;
        if (event.type === "RunContinuedAsNew") newRunId = continuedAs(event);
        else if (event.type === "RunStarted") newRunId = undefined;
      }
      yield records;
    }
    // A clean close proves nothing: proxies cut idle streams, and the status is written before the last event.
    let cause: unknown;
    try {
      const status = await getStatus(args);
      if (isOver(status.status)) {
        emptyCloses = brought ? 0 : emptyCloses + 1;
        const believed = isItsEnd(last, status) || emptyCloses >= emptyClosesBelieved;
        if (believed) return { status, newRunId: status.status === "continued" ? newRunId : undefined };
      } else {
        emptyCloses = 0;
      }
    } catch (error) {
      connection.signal?.throwIfAborted();
      if (!isOutage(error)) throw error;
      // A connection that brought nothing has been counted already.
      if (brought) stream.countFruitless();
      cause = error;
    }
    await stream.pause(cause);
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
function isAboutTheRun(event: SmithersEvent): boolean {
  return (
    Object.hasOwn(endEvents, event.type) || event.type === "RunStarted" || event.type === "RunStatusChanged"
  );
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
  return typeof newRunId === "string" && newRunId !== "" ? newRunId : undefined;
}
