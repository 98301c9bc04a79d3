import type { SmithersEvent } from "../events.js";
import { drive } from "./drive-run.js";
import type { EventRecord } from "./event-record.js";
import { readRun, type ReadRunArgs } from "./read-run.js";
import type { ResumeReason } from "./resumer.js";
import { RunProgress } from "./run-progress.js";
import { eventsOf, RunStream } from "./run-stream.js";

/** What everybody who follows a run can say about resumes. */
export interface ResumeArgsWhileFollowing {
  /**
   * Send the resumes that the run needs: after decisions that this process made with `approve` or `deny`, and for
   * {@link driveRun} all others. Default: true.
   */
  resume?: boolean | undefined;
  /** Where the workflow's file is on the server, for a resume. Default: looked up in the server's list of runs. */
  workflowPath?: string | undefined;
  /** Sent with each resume, since 0.5.0 forgets what the run was started with. Default: the server's. */
  maxConcurrency?: number | undefined;
  /** Who decides, for the server's records. */
  decidedBy?: string | undefined;
  /** Called after each resume that was sent, with what it is for. */
  onResumed?: ((runId: string, reason: ResumeReason) => void) | undefined;
  /** Called when a resume is needed whose workflow cannot be looked up. Default: the error is thrown. */
  onResumeFailed?: ((runId: string, error: unknown) => void) | undefined;
}

/** What {@link watchRun} takes. */
export interface WatchRunArgs extends ReadRunArgs, ResumeArgsWhileFollowing {}

/**
 * Yields a run's events until the run itself has ended, through broken connections, restarts of the server, pauses and
 * resumes. `ended` is the run's last status. On a Smithers gateway the events come up to half a second late.
 *
 * @example
 * const run = watchRun({ runId });
 * for await (const event of run) console.log(event.type);
 * console.log((await run.ended).status);
 *
 * @throws what {@link streamEvents} throws
 */
export function watchRun(args: WatchRunArgs): RunStream<SmithersEvent> {
  return eventsOf(watchRecords(args));
}

/**
 * As {@link watchRun}, with each event's number and the server's own text, those of one network chunk together: for
 * programs that pass events on.
 */
export function watchRecords(args: WatchRunArgs): RunStream<EventRecord[]> {
  const progress = new RunProgress(args.runId);
  return new RunStream(drive(readRun, args, progress, "own"), () => progress.view);
}
