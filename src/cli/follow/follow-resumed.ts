import { setTimeout as sleep } from "node:timers/promises";
import type { ResumeArgs, RunReference } from "../../client/index.js";
import type { FollowedRun, FollowOutcome, Session } from "../command.js";
import { UsageError } from "../usage-error.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { followRun, type ConcurrencyOptions, type FollowOptions } from "./follow-run.js";

/** How many times, a second apart, to follow a run that ends at once before it counts as not continued. */
const maxAttempts = 3;

/**
 * Resumes a run and follows it to its end. Shows only what happens after the resume.
 *
 * @throws {UsageError} `NOT_RESUMED`, from the updates, if the run ended without an event after the resume
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

/** An action that lets a stopped run continue. */
interface Revival {
  /** The action as a noun, for error messages. */
  what: "resume" | "retry";
  act(): Promise<void>;
  workflowPath?: string | undefined;
  maxConcurrency?: number | undefined;
}

/**
 * Lets a run continue and follows it to its end. Shows only what happens afterwards.
 *
 * @throws {UsageError} `NOT_RESUMED`, from the updates, if the run ended without an event afterwards
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
    for (let attempt = 1; ; attempt++, current = follow()) {
      for await (const { records } of current.updates) {
        hasNews = true;
        yield { run, records };
      }
      // Right after the request, the server may still report the old terminal status.
      if (hasNews) {
        run.ended = current.runs[0]?.ended;
        return;
      }
      if (attempt === maxAttempts) throw startedNothing(what, runId, session);
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

/** Resumes a run. `isExecuting` is whether the server did nothing because the run counts as executing. */
export async function sendResume(
  args: ResumeArgs,
  { client }: Session,
): Promise<{ answer: RunReference; isExecuting: boolean }> {
  const { resumesByItself } = await client.getServerTraits();
  // A gateway reports success whatever it does.
  const before = resumesByItself ? await client.getStatus({ runId: args.runId }) : undefined;
  const answer = await client.resume(args);
  const isExecuting =
    before === undefined ? answer["status"] === "running" : before.runState?.state === "running";
  return { answer, isExecuting };
}

/** Returns the message for a resume that did nothing. */
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
