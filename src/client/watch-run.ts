import { connect, type Connection, type ConnectionOptions } from "./connection.js";
import type { EventBatch } from "./event-batch.js";
import { EventStream, type StreamOptions } from "./event-stream.js";
import { eventsOf } from "./events-of.js";
import type { RunStatus } from "./results.js";
import { RunEnd } from "./run-end.js";
import { rememberStart } from "./started-runs.js";
import type { SmithersEvent } from "./smithers-event.js";

/** What {@link watchRun} takes. */
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
export function watchRun(args: WatchRunArgs): AsyncGenerator<SmithersEvent, RunStatus, undefined> {
  return eventsOf(watchRecords(args));
}

/**
 * As {@link watchRun}, with each event's number and the server's own text, and those of one network chunk together:
 * for programs that pass events on.
 */
export async function* watchRecords(args: WatchRunArgs): AsyncGenerator<EventBatch, RunStatus, undefined> {
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

async function* watchOne(
  connection: Connection,
  args: WatchRunArgs,
  serverSeen: boolean,
): AsyncGenerator<EventBatch, { status: RunStatus; newRunId?: string | undefined }, undefined> {
  const stream = new EventStream(connection, args.runId, args, { serverSeen });
  const end = new RunEnd(args, stream);
  for (;;) {
    for await (const batch of stream.read()) {
      end.see(batch);
      yield batch;
    }
    const status = await end.reached();
    if (status !== undefined)
      return { status, newRunId: status.status === "continued" ? end.newRunId : undefined };
  }
}
