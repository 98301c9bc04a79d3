import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isTerminalStatus, type EventRecord, type Run, type RunStream } from "../../client/index.js";
import type { FollowedRun, FollowOutcome, Session } from "../command.js";
import { paintLabel, runLabels, type RunLabel } from "../describe/run-labels.js";
import { exitCodes, worstExitCode } from "../exit-codes.js";
import { CommandError, exitCodeOfError } from "../failure.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { ApprovalDesk } from "../live/approval-desk.js";
import { cancelOrDetach } from "./cancel-or-detach.js";
import type { RunFinder } from "./find-runs.js";
import { heartbeatMs, openFollowedRun, type FollowOptions } from "./follow-run.js";

/** The pause between two polls for new runs. In ms. */
const pollPauseMs = 2000;
/** Stop polling after this many failures in a row. */
const maxFailedPolls = 10;

/** Some of the runs could not be followed to their end. */
export class RunsLostError extends CommandError {
  constructor(
    readonly runIds: readonly string[],
    message: string,
    exitCode: number,
  ) {
    super("RUNS_LOST", message, exitCode);
    this.name = "RunsLostError";
  }
}

/** A run to follow, with what is known about it. */
export interface RunToFollow {
  runId: string;
  workflowName: string | undefined;
}

/** One of the runs, and its position in the merged stream. */
interface Lane {
  run: FollowedRun;
  records: RunStream<EventRecord[]>;
  /** The session of this run, whose notes start with the run's label. */
  session: Session;
  /** The number of the newest event that was read. */
  position: number;
  /** When it ended, by `performance.now()`; `Infinity` until then. */
  endedAt: number;
}

export interface FollowRunsArgs {
  /** Finds the runs that start in the meantime. Default: follow only the runs that were named. */
  finder?: RunFinder;
  /** Whether to continue after all runs have ended. Default: false. */
  keep?: boolean;
  /** The command that follows these runs again. Default: `watch` with the ids of those that have not ended. */
  rewatch?: readonly string[];
}

/**
 * Follows several runs, each as {@link followRun} does, until all have ended. A run whose stream is lost for good does
 * not affect the others.
 *
 * @throws {RunsLostError} at the end, if a run was lost
 */
export function followRuns(
  session: Session,
  first: readonly RunToFollow[],
  options: FollowOptions,
  { finder, keep = false, rewatch }: FollowRunsArgs = {},
): FollowOutcome {
  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal]);
  // Each run adds a listener, so many listeners are not a leak.
  setMaxListeners(0, signal);
  const desk = session.canPrompt ? new ApprovalDesk(session.context.stdin) : undefined;
  const lanes: Lane[] = [];
  const runs: FollowedRun[] = [];
  /** By every id that a run has had, since a run may continue as a new one. */
  const byId = new Map<string, Lane>();
  let labels: ReadonlyMap<string, RunLabel> = new Map();
  const open = () => lanes.filter(({ run }) => run.ended === undefined && run.lost === undefined);

  const ready: { lane: Lane; result: Awaited<ReturnType<typeof nextOf>> }[] = [];
  let wake = (): void => {};
  const pull = async (lane: Lane): Promise<void> => {
    ready.push({ lane, result: await nextOf(lane) });
    wake();
  };

  function add(found: readonly RunToFollow[]): Lane[] {
    const added = found.map(({ runId, workflowName }): Lane => {
      const earlier = byId.get(runId);
      const label = () => labels.get(runId) ?? { runId, text: escapeControls(runId), order: 0 };
      const own = labelledSession(session, label);
      const position = earlier?.position ?? -1;
      const opened = openFollowedRun(own, runId, options, {
        signal,
        label,
        workflowName,
        afterSeq: position,
        desk,
      });
      const lane: Lane = { ...opened, session: own, position, endedAt: Infinity };
      const at = earlier === undefined ? lanes.length : lanes.indexOf(earlier);
      lanes[at] = lane;
      runs[at] = lane.run;
      byId.set(runId, lane);
      return lane;
    });
    const runIds = runs.map(({ runId }) => runId);
    labels = new Map(runLabels(runIds).map((label) => [label.runId, label]));
    return added;
  }

  let polling: Promise<void> = Promise.resolve();
  /** Adds the runs that have started since the last poll. Only one poll at a time, so that no run is added twice. */
  function poll(from: RunFinder): Promise<void> {
    return (polling = polling.catch(() => {}).then(() => pollOnce(from)));
  }
  async function pollOnce(from: RunFinder): Promise<void> {
    const beganAt = performance.now();
    const found = await from.next((runId) => {
      const lane = byId.get(runId);
      if (lane === undefined) return false;
      // A run that ended before this poll and is listed again has been resumed.
      const isAgain = lane.run.view().runId === runId && lane.endedAt < beganAt && hasEnded(lane);
      return !isAgain;
    });
    for (const lane of add(found)) void pull(lane);
    if (found.length > 0) wake();
  }

  let failedPoll: unknown;
  async function keepPolling(from: RunFinder): Promise<void> {
    for (let failures = 0; ;) {
      await sleep(pollPauseMs, undefined, { signal });
      try {
        await poll(from);
        failures = 0;
      } catch (error) {
        signal.throwIfAborted();
        if (++failures < maxFailedPolls) continue;
        return endPolling(error);
      }
    }
  }
  function endPolling(error: unknown): void {
    signal.throwIfAborted();
    failedPoll = error;
    if (!keep || open().length > 0) session.note(`no longer looking for new runs: ${messageOf(error)}`);
    wake();
  }

  async function* updates(): FollowOutcome["updates"] {
    const onAbort = () => wake();
    session.signal.addEventListener("abort", onAbort);
    try {
      for (const lane of lanes) void pull(lane);
      if (finder !== undefined) keepPolling(finder).catch(() => {});
      for (;;) {
        session.signal.throwIfAborted();
        if (open().length === 0) {
          if (keep && failedPoll !== undefined) throw failedPoll;
          // A run may have started since the last poll.
          if (!keep && finder !== undefined && failedPoll === undefined) await poll(finder).catch(endPolling);
          if (!keep && open().length === 0) break;
        }
        const next = ready.shift();
        if (next === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        const { lane, result } = next;
        if ("lost" in result) {
          session.signal.throwIfAborted();
          lane.run.lost = result.lost;
          if (keep || open().length > 0) lane.session.note(lossOf(lane));
        } else if (result.done) {
          lane.run.ended = result.value;
          lane.endedAt = performance.now();
        } else {
          lane.position = result.value.at(-1)?.seq ?? lane.position;
          byId.set(lane.run.view().runId, lane);
          yield { run: lane.run, records: result.value };
          // Not earlier: a stream waits until its records have been taken.
          void pull(lane);
        }
      }
      throwIfLost(lanes);
    } finally {
      session.signal.removeEventListener("abort", onAbort);
      stop.abort();
      await Promise.all(lanes.map(({ records }) => records.return().catch(() => {})));
    }
  }

  add(first);
  return {
    kind: "follow",
    runs,
    isGroup: true,
    desk,
    updates: updates(),
    heartbeatMs: heartbeatMs(options, session),
    showsOutput: options.logs === true,
    serverNow: session.serverNow,
    rewatch: () => (rewatch === undefined ? [["watch"], ...open().map(({ run }) => run.runId)] : [rewatch]),
    async onAbort() {
      const left = open();
      if (left.length === 0) return "no run is in progress";
      if (!options.cancelOnInterrupt && !options.cancelOnTimeout && left.length > 1) {
        return `${left.length} runs continue`;
      }
      return (await Promise.all(left.map(({ run }) => cancelOrDetach(run.runId, options, session)))).join(
        "; ",
      );
    },
  };
}

/** Returns the session for one of several runs, whose notes start with the run's label. */
function labelledSession(session: Session, label: () => RunLabel): Session {
  return {
    ...session,
    note: (line) => session.note(`${paintLabel(label(), session.stderrStyle)}  ${line}`),
    annotate: ({ level, title, text }) =>
      session.annotate({ level, title: `${label().text}  ${title}`, text }),
  };
}

async function nextOf({ records }: Lane): Promise<IteratorResult<EventRecord[], Run> | { lost: unknown }> {
  try {
    return await records.next();
  } catch (lost) {
    return { lost };
  }
}

/** @throws {RunsLostError} */
function throwIfLost(lanes: readonly Lane[]): void {
  const lost = lanes.filter(({ run }) => run.lost !== undefined);
  if (lost.length === 0) return;
  const of = lanes.length === lost.length ? "" : ` of ${lanes.length}`;
  throw new RunsLostError(
    lost.map(({ run }) => run.runId),
    `${lost.length}${of} runs could not be followed to the end: ${lost.map(lossOf).join("; ")}`,
    worstExitCode(lost.map(lostExitCode)),
  );
}

/** Returns the exit code of a lost run. A run that existed and is now refused counts as one whose server is gone. */
function lostExitCode({ run: { lost } }: Lane): number {
  const code = exitCodeOfError(lost);
  return code === exitCodes.usage ? exitCodes.server : code;
}

function lossOf({ run }: Lane): string {
  return `lost run ${escapeControls(run.runId)}: ${messageOf(run.lost)}`;
}

function messageOf(error: unknown): string {
  return escapeControls(error instanceof Error ? error.message : String(error));
}

function hasEnded({ run: { ended } }: Lane): boolean {
  return ended !== undefined && isTerminalStatus(ended.status);
}
