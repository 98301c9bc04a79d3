import type { SmithersEvent } from "../events.js";
import { drive } from "./drive-run.js";
import type { EventRecord } from "./event-record.js";
import { readRun, type ReadRunArgs } from "./read-run.js";
import type { ResumeReason } from "./resumer.js";
import { RunProgress } from "./run-progress.js";
import { eventsOf, RunStream } from "./run-stream.js";

/** Options about resumes for all functions that follow a run. */
export interface ResumeArgsWhileFollowing {
  /**
   * Whether to send the resumes that the run needs: after decisions that this process made with `approve` or `deny`,
   * and with {@link driveRun} in all other cases, too. Default: true.
   */
  resume?: boolean | undefined;
  /** Path of the workflow's file on the server, for a resume. Default: looked up in the server's list of runs. */
  workflowPath?: string | undefined;
  /** Sent with each resume, because 0.5.0 forgets the value that the run was started with. Default: the server's. */
  maxConcurrency?: number | undefined;
  /** Who decides, for the server's records. */
  decidedBy?: string | undefined;
  /** Called after each resume, with the reason for it. */
  onResumed?: ((runId: string, reason: ResumeReason) => void) | undefined;
  /** Called when a resume is needed but the workflow cannot be looked up. Default: the error is thrown. */
  onResumeFailed?: ((runId: string, error: unknown) => void) | undefined;
}

/** What {@link watchRun} takes. */
export interface WatchRunArgs extends ReadRunArgs, ResumeArgsWhileFollowing {}

/**
 * Yields a run's events until the run itself has ended, across broken connections, server restarts, pauses and resumes.
 * `ended` resolves with the run's last status. On a Smithers gateway, the events come up to half a second late.
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
 * Like {@link watchRun}, but yields each event with its number and the server's original text, one array per network
 * chunk. For programs that pass events on.
 */
export function watchRecords(args: WatchRunArgs): RunStream<EventRecord[]> {
  const progress = new RunProgress(args.runId);
  return new RunStream(drive(readRun, args, progress, "own"), () => progress.view);
}
