import { setTimeout as sleep } from "node:timers/promises";
import type { ResumeArgs, RunReference } from "../../client/index.js";
import type { FollowedRun, FollowOutcome, Session } from "../command.js";
import { UsageError } from "../usage-error.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { followRun, type ConcurrencyOptions, type FollowOptions } from "./follow-run.js";

/** A run that ends at once is looked at this many times, a second apart, before it counts as one that did not go on. */
const maxLooks = 3;

/**
 * Resumes a run and follows it to its end; only what happens after the resume is shown.
 *
 * @throws {UsageError} `NOT_RESUMED`, while it is followed, if the run has ended without an event after the resume
 */
export async function followResumed(
  session: Session,
  runId: string,
  workflowPath: string | undefined,
  options: FollowOptions & ConcurrencyOptions,
): Promise<FollowOutcome> {
  const { maxConcurrency } = options;
  const act = async () => {
    const { isExecuting } = await sendResume({ runId, workflowPath, maxConcurrency }, session);
    if (isExecuting) session.note(`${nothingResumed(runId)}; following it`);
  };
  return followAfter(session, runId, options, { what: "resume", act, workflowPath, maxConcurrency });
}

/** What lets a run that has stopped go on. */
interface Revival {
  /** A noun for it, for errors. */
  what: "resume" | "retry";
  act(): Promise<void>;
  workflowPath?: string | undefined;
  maxConcurrency?: number | undefined;
}

/**
 * Lets a run go on and follows it to its end; only what happens afterwards is shown.
 *
 * @throws {UsageError} `NOT_RESUMED`, while it is followed, if the run has ended without an event afterwards
 */
export async function followAfter(
  session: Session,
  runId: string,
  options: FollowOptions,
  { what, act, ...args }: Revival,
): Promise<FollowOutcome> {
  const { position: afterSeq } = await session.client.loadRunView({ runId });
  await act();
  const follow = () => followRun(session, runId, options, { ...args, afterSeq });
  let current = follow();
  const [first] = current.runs as [FollowedRun];
  const run: FollowedRun = { ...first, view: () => (current.runs[0] ?? first).view() };

  async function* updates(): FollowOutcome["updates"] {
    let hasNews = false;
    for (let look = 1; ; look++, current = follow()) {
      for await (const { records } of current.updates) {
        hasNews = true;
        yield { run, records };
      }
      // A server may still have the old end as its status when it has just been asked.
      if (hasNews) {
        run.ended = current.runs[0]?.ended;
        return;
      }
      if (look === maxLooks) throw startedNothing(what, runId, session);
      await sleep(1000, undefined, { signal: session.signal }).catch(() => session.signal.throwIfAborted());
    }
  }
  return {
    ...current,
    runs: [run],
    updates: updates(),
    rewatch: () => current.rewatch(),
    onAbort: () => current.onAbort(),
  };
}

/** Resumes a run, and says whether the server left it alone since it counts as executing. */
export async function sendResume(
  args: ResumeArgs,
  { client }: Session,
): Promise<{ answer: RunReference; isExecuting: boolean }> {
  const { resumesByItself } = await client.getServerTraits();
  // A gateway answers that all is well, whatever it does.
  const before = resumesByItself ? await client.getStatus({ runId: args.runId }) : undefined;
  // With a workflow named, the client takes a run that has ended for one that an earlier resume has carried there.
  const answer = await client.resume(resumesByItself ? { ...args, workflowPath: undefined } : args);
  const isExecuting =
    before === undefined ? answer["status"] === "running" : before.runState?.state === "running";
  return { answer, isExecuting };
}

/** The message for a resume that did nothing. */
export function nothingResumed(runId: string): string {
  return (
    `nothing was resumed: run ${escapeControls(runId)} counts as running (from 0.32 on a server notices after 30s ` +
    "that a run's engine is gone; then it can be resumed)"
  );
}

function startedNothing(what: string, runId: string, { baseUrl, commandLine }: Session): UsageError {
  const run = `run ${escapeControls(runId)}`;
  return new UsageError(
    `the server took the ${what} of ${run}, and nothing has happened since, at ${baseUrl}; its log says why ` +
      "(from 0.32 on a run cannot be resumed after its workflow's file has changed)",
    { code: "NOT_RESUMED", hint: commandLine("status", runId) },
  );
}
