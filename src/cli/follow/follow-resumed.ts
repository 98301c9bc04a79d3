import { setTimeout as sleep } from "node:timers/promises";
import { HttpError, type RunReference } from "../../client/index.js";
import { UsageError, type FollowOutcome, type Session } from "../command.js";
import { isTerminal, isWaiting } from "../status-table.js";
import { visibleText } from "../terminal/visible-text.js";
import { followRun, type FollowOptions } from "./follow-run.js";

/** A stream that stays open and brings nothing for so many milliseconds has probably sent all of the past. */
const quietMs = 600;
/** One of a run that executes may never be quiet, so its past is read for no longer than this. */
const maxReadingMs = 3000;
/** So often, a second apart, a run that ends at once is looked at again before a resume counts as one that did nothing. */
const looks = 3;

/**
 * Resumes a run and follows it to its end, where only what happens after the resume is shown.
 *
 * @throws {UsageError} `NOT_RESUMED`, by the records, where the run has ended without an event after the resume
 */
export async function followResumed(
  session: Session,
  runId: string,
  workflowPath: string,
  options: FollowOptions,
): Promise<FollowOutcome> {
  const reading = newestEvent(runId, session);
  const shownAfter = await session.waitFor(`reading the history of run ${visibleText(runId)}`, reading);
  if (didNothing(await session.client.resume({ runId, workflowPath })))
    session.note(`${nothingResumed(runId)}; following it`);

  let hasNews = false;
  const follow = () => followRun(session, runId, options, { workflowPath });
  const outcome = follow();
  async function* records(): FollowOutcome["records"] {
    for (let { records } = outcome, look = 1; ; { records } = follow(), look++) {
      try {
        for (;;) {
          const { done, value } = await records.next();
          if (done) {
            // A server may still have the old end for its status when it has just taken the resume.
            if (hasNews) return value;
            break;
          }
          hasNews ||= [...value].some((record) => record.event.runId !== runId || record.seq > shownAfter);
          yield value;
        }
      } finally {
        await records.return(undefined as never);
      }
      if (look === looks) throw startedNothing(runId, session);
      await sleep(1000, undefined, { signal: session.signal }).catch(() => session.signal.throwIfAborted());
    }
  }
  return { ...outcome, shownAfter, records: records() };
}

/** Whether the server answers that the run is executing, and so left it alone. */
export function didNothing(answer: RunReference): boolean {
  return answer["status"] === "running";
}

/** What to say where it does. */
export function nothingResumed(runId: string): string {
  return (
    `nothing was resumed: run ${visibleText(runId)} counts as running (from 0.32 on a server notices after 30s ` +
    "that a run's engine is gone; then it can be resumed)"
  );
}

function startedNothing(runId: string, { baseUrl, commandLine }: Session): UsageError {
  const run = `run ${visibleText(runId)}`;
  return new UsageError(
    `the server took the resume of ${run}, and nothing has happened since, at ${baseUrl}; its log says why ` +
      "(from 0.32 on a run cannot be resumed after its workflow's file has changed)",
    { code: "NOT_RESUMED", hint: commandLine("status", runId) },
  );
}

/**
 * The number of a run's newest event, -1 where there is none. A stand-in: reading a run's history is to give it. Where
 * it is too low, some of the past is shown once more.
 */
async function newestEvent(runId: string, { client, signal }: Session): Promise<number> {
  const stop = new AbortController();
  const records = client.watchRecords({ runId, signal: AbortSignal.any([signal, stop.signal]) });
  let seq = -1;
  try {
    const { status } = await client.getStatus({ runId });
    const ends = performance.now() + (isTerminal(status) || isWaiting(status) ? Infinity : maxReadingMs);
    while (performance.now() < ends) {
      const turn = await Promise.race([records.next(), sleep(quietMs)]);
      if (turn === undefined || turn.done === true) return seq;
      const own = [...turn.value].filter(({ event }) => event.runId === runId);
      if (own.length === 0) return seq;
      seq = own.at(-1)?.seq ?? seq;
    }
    return seq;
  } catch (error) {
    // What is wrong with the run, the resume will say.
    if (signal.aborted || !(error instanceof HttpError)) throw error;
    return seq;
  } finally {
    stop.abort();
    await records.return(undefined as never).catch(() => {});
  }
}
