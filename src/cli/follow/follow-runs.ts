import { setMaxListeners } from "node:events";
import type { EventRecord, Run, RunStream } from "../../client/index.js";
import type { FollowedRun, FollowOutcome, Session } from "../command.js";
import { paintLabel, runLabels, type RunLabel } from "../describe/run-labels.js";
import { exitCodes, worstExitCode } from "../exit-codes.js";
import { CommandError, exitCodeOfError } from "../failure.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { cancelOrDetach } from "./cancel-or-detach.js";
import { heartbeatMs, openFollowedRun, type FollowOptions } from "./follow-run.js";

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

/** One of the runs, and its place in the merged stream. */
interface Lane {
  run: FollowedRun;
  records: RunStream<EventRecord[]>;
  label: RunLabel;
  /** What it notes begins with the label. */
  session: Session;
  /** Why it could not be followed to its end. */
  lost?: unknown;
}

/**
 * Follows several runs as {@link followRun} follows one, until each has ended. A run whose stream is lost for good leaves
 * the others alone.
 *
 * @param rewatch the command that follows these runs again; default: `watch` with the ids of those that have not ended
 * @throws {RunsLostError} at the end, if a run was lost
 */
export function followRuns(
  session: Session,
  runIds: readonly string[],
  options: FollowOptions,
  rewatch?: readonly [ours: string, ...named: string[]],
): FollowOutcome {
  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal]);
  // Each run listens to it, and no number of runs is a leak.
  setMaxListeners(0, signal);
  const lanes = runLabels(runIds).map((label): Lane => {
    const own = labelledSession(session, label);
    return { label, session: own, ...openFollowedRun(own, label.runId, options, { signal, label }) };
  });
  const open = () => lanes.filter(({ run, lost }) => run.ended === undefined && lost === undefined);

  async function* updates(): FollowOutcome["updates"] {
    const ready: { lane: Lane; result: Awaited<ReturnType<typeof nextOf>> }[] = [];
    let wake = (): void => {};
    const pull = async (lane: Lane): Promise<void> => {
      ready.push({ lane, result: await nextOf(lane) });
      wake();
    };
    try {
      for (const lane of lanes) void pull(lane);
      while (open().length > 0) {
        const turn = ready.shift();
        if (turn === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        const { lane, result } = turn;
        if ("lost" in result) {
          session.signal.throwIfAborted();
          lane.lost = result.lost;
          if (open().length > 0) lane.session.note(lossOf(lane));
        } else if (result.done) {
          lane.run.ended = result.value;
        } else {
          yield { run: lane.run, records: result.value };
          // Not before: a stream waits until what it brought has been taken.
          void pull(lane);
        }
      }
      throwIfLost(lanes);
    } finally {
      stop.abort();
      await Promise.all(lanes.map(({ records }) => records.return().catch(() => {})));
    }
  }

  return {
    kind: "follow",
    runs: lanes.map(({ run }) => run),
    updates: updates(),
    heartbeatMs: heartbeatMs(options, session),
    serverNow: session.serverNow,
    rewatch: () => rewatch ?? ["watch", ...open().map(({ run }) => run.runId)],
    async onAbort() {
      const left = open();
      if (!options.cancelOnInterrupt && !options.cancelOnTimeout && left.length > 1) {
        return `${left.length} runs go on`;
      }
      return (await Promise.all(left.map(({ run }) => cancelOrDetach(run.runId, options, session)))).join(
        "; ",
      );
    },
  };
}

/** The session as one of several runs has it: what it notes begins with the run's label. */
function labelledSession(session: Session, label: RunLabel): Session {
  return {
    ...session,
    note: (line) => session.note(`${paintLabel(label, session.stderrStyle)}  ${line}`),
    annotate: ({ level, title, text }) => session.annotate({ level, title: `${label.text}  ${title}`, text }),
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
  const lost = lanes.filter((lane) => lane.lost !== undefined);
  if (lost.length === 0) return;
  const of = lanes.length === lost.length ? "" : ` of ${lanes.length}`;
  throw new RunsLostError(
    lost.map(({ run }) => run.runId),
    `${lost.length}${of} runs could not be followed to the end: ${lost.map(lossOf).join("; ")}`,
    worstExitCode(lost.map(lostExitCode)),
  );
}

/** A run that was there and is refused now is lost, as one whose server is gone is. */
function lostExitCode({ lost }: Lane): number {
  const code = exitCodeOfError(lost);
  return code === exitCodes.usage ? exitCodes.server : code;
}

function lossOf({ run, lost }: Lane): string {
  const why = lost instanceof Error ? lost.message : String(lost);
  return `lost run ${escapeControls(run.runId)}: ${escapeControls(why)}`;
}
