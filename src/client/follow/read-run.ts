import { HttpError } from "../errors/http-error.js";
import { ProtocolError } from "../errors/protocol-error.js";
import { resolveOptions, type ConnectionOptions } from "../options.js";
import type { Run } from "../results.js";
import { reduceEvents } from "../view/run-view.js";
import type { EventRecord } from "./event-record.js";
import { EventStream, type StreamOptions } from "./event-stream.js";
import { noteStart } from "./recent-starts.js";
import { RunEnd } from "./run-end.js";
import type { RunProgress } from "./run-progress.js";

/** Arguments for reading a run. */
export interface ReadRunArgs extends ConnectionOptions, StreamOptions {
  runId: string;
  /** Called when the work continues as another run, which is then followed (servers from 0.32 on). */
  onContinued?: ((continued: { runId: string; newRunId: string }) => void) | undefined;
}

/** Reads a run's events and keeps its progress up to date. */
export type RunReader<Result> = (
  args: ReadRunArgs,
  progress: RunProgress,
) => AsyncGenerator<EventRecord[], Result, undefined>;

/** Reads a run until it has ended, and then the run that continues its work, if any. */
export async function* readRun(
  args: ReadRunArgs,
  progress: RunProgress,
): AsyncGenerator<EventRecord[], Run, undefined> {
  const { baseUrl } = resolveOptions(args);
  const runIds = new Set<string>();
  let { runId } = args;
  // The numbering restarts in the run that continues the work.
  for (let { afterSeq } = args; ; afterSeq = undefined) {
    runIds.add(runId);
    const { run, newRunId } = yield* readOneRun({ ...args, afterSeq, runId }, progress, runIds.size > 1);
    if (newRunId === undefined) return run;
    if (runIds.has(newRunId)) {
      throw new ProtocolError(`run ${runId} continues as run ${newRunId}, which was followed already`);
    }
    args.onContinued?.({ runId, newRunId });
    noteStart(baseUrl, newRunId);
    runId = newRunId;
  }
}

/** Reads one run until it has ended. Does not follow a run that continues its work. */
export async function* readOneRun(
  args: ReadRunArgs,
  progress: RunProgress,
  serverSeen = false,
): AsyncGenerator<EventRecord[], { run: Run; newRunId?: string | undefined }, undefined> {
  const stream = new EventStream(resolveOptions(args), args.runId, args, serverSeen);
  const end = new RunEnd(args, stream);
  let run: Run | undefined;
  const afterFailure = async () => (run = await end.checkAfterFailure()) !== undefined;
  while (run === undefined) {
    for await (const records of stream.read(afterFailure)) {
      end.observe(records);
      updateProgress(progress, stream, records);
      yield records;
    }
    run ??= await end.checkAfterClose();
  }
  return { run, newRunId: run.status === "continued" ? end.newRunId : undefined };
}

/**
 * Reads one stream of a run until the server closes it cleanly. If such a close may hide a broken connection, the run's
 * status decides whether the run has ended.
 */
export async function* readStream(
  args: ReadRunArgs,
  progress: RunProgress,
): AsyncGenerator<EventRecord[], Run | undefined, undefined> {
  const stream = new EventStream(resolveOptions(args), args.runId, args);
  const end = new RunEnd(args, stream);
  for (;;) {
    for await (const records of stream.read()) {
      end.observe(records);
      updateProgress(progress, stream, records);
      yield records;
    }
    if (stream.cleanEndIsReliable) return undefined;
    try {
      const run = await end.checkAfterClose();
      if (run !== undefined) return run;
    } catch (error) {
      // The server refuses to say; it is only known that it closed the stream.
      if (error instanceof HttpError) return undefined;
      throw error;
    }
  }
}

function updateProgress(progress: RunProgress, stream: EventStream, records: readonly EventRecord[]): void {
  const events = records.map(({ event }) => event);
  progress.stream = stream;
  progress.update(reduceEvents(progress.view, events));
}
