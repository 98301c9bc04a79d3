import { setMaxListeners } from "node:events";
import { emptyRunView, type EventRecord, type Run } from "../../client/index.js";
import type { FollowOutcome, Session } from "../command.js";
import { exitCodes, worstExitCode } from "../exit-codes.js";
import { CommandError, exitCodeOfError } from "../failure.js";
import { followRun, type FollowOptions } from "./follow-run.js";
import { paintLabel, runLabels, type RunLabel } from "../describe/run-labels.js";
import { exitCodeOf } from "../status-table.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Some of the runs that were followed could not be followed to their end. */
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

/** One of the runs, and how far it is. */
interface Lane {
  label: RunLabel;
  /** What it tells begins with the label. */
  session: Session;
  outcome: FollowOutcome;
  /** Its last status. */
  ended?: Run;
  /** Why it could not be followed to its end. */
  lost?: unknown;
}

/**
 * Follows several runs as {@link followRun} does one, until each has ended: their events as they come, and at the end
 * the status of the one that ended worst. A run whose stream is lost for good leaves the others alone.
 *
 * @param rewatchArgs the command that follows these runs again; default: it names those that have not ended
 * @throws {RunsLostError} at the end, where a run was lost
 */
export function followRuns(
  session: Session,
  runIds: readonly string[],
  options: FollowOptions,
  rewatchArgs?: readonly [string, ...string[]],
): FollowOutcome {
  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal]);
  // Each run listens to it, and no number of runs is a leak.
  setMaxListeners(0, signal);
  const lanes = runLabels(runIds).map((label): Lane => {
    const own = labelledSession(session, label);
    return { label, session: own, outcome: followRun(own, label.runId, options, { signal }) };
  });
  /** Whose each chunk of events is. */
  const labels = new WeakMap<EventRecord[], RunLabel>();
  const open = () => lanes.filter(({ ended, lost }) => ended === undefined && lost === undefined);

  async function* records(): AsyncGenerator<EventRecord[], Run, undefined> {
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
          if (open().length > 0) lane.session.note(whyLost(lane));
        } else if (result.done) {
          lane.ended = result.value;
        } else {
          labels.set(result.value, lane.label);
          yield result.value;
          // Not before: a stream waits until what it brought has been taken.
          void pull(lane);
        }
      }
      return worstOf(lanes);
    } finally {
      stop.abort();
      await Promise.all(
        lanes.map(({ outcome }) => outcome.records.return(undefined as never).catch(() => {})),
      );
    }
  }

  return {
    kind: "follow",
    runId: "",
    view: () => emptyRunView(""),
    ci: session.ci,
    heartbeatMs: lanes[0]?.outcome.heartbeatMs,
    reporters: [],
    records: records(),
    serverNow: session.serverNow,
    several: {
      labelOf: (chunk) => labels.get(chunk as EventRecord[]) as RunLabel,
      open: () => open().length,
      rewatchArgs: () => rewatchArgs ?? ["watch", ...open().map(({ label }) => label.runId)],
    },
    async onAbort() {
      const left = open();
      if (!options.cancelOnInterrupt && !options.cancelOnTimeout && left.length > 1)
        return `${left.length} runs go on`;
      return (await Promise.all(left.map(async ({ outcome }) => outcome.onAbort?.()))).join("; ");
    },
  };
}

/** The session as one of several runs has it: what it tells begins with the run's label. */
function labelledSession(session: Session, label: RunLabel): Session {
  return {
    ...session,
    note: (line) => session.note(`${paintLabel(label, session.stderrStyle)}  ${line}`),
    annotate: (level, title, text) => session.annotate(level, `${label.text}  ${title}`, text),
  };
}

async function nextOf({ outcome }: Lane): Promise<IteratorResult<EventRecord[], Run> | { lost: unknown }> {
  try {
    return await outcome.records.next();
  } catch (lost) {
    return { lost };
  }
}

/** @throws {RunsLostError} */
function worstOf(lanes: readonly Lane[]): Run {
  const lost = lanes.filter((lane) => lane.lost !== undefined);
  if (lost.length > 0) {
    const each = lost.map(whyLost).join("; ");
    const of = lanes.length === lost.length ? "" : ` of ${lanes.length}`;
    throw new RunsLostError(
      lost.map(({ label }) => label.runId),
      `${lost.length}${of} runs could not be followed to the end: ${each}`,
      worstExitCode(lost.map(lostExitCode)),
    );
  }
  const statuses = lanes.map(({ ended }) => ended as Run);
  const worst = worstExitCode(statuses.map(({ status }) => exitCodeOf(status)));
  return statuses.find(({ status }) => exitCodeOf(status) === worst) as Run;
}

/** A run that was there and is refused now is lost, as one whose server is gone is. */
function lostExitCode({ lost }: Lane): number {
  const code = exitCodeOfError(lost);
  return code === exitCodes.usage ? exitCodes.server : code;
}

function whyLost({ label, lost }: Lane): string {
  const why = lost instanceof Error ? lost.message : String(lost);
  return `lost run ${escapeControls(label.runId)}: ${escapeControls(why)}`;
}
