import { HttpError, ownHttpCodes } from "../errors/http-error.js";
import { SmithersError } from "../errors/smithers-error.js";
import { forgetDecisions } from "../follow/own-decisions.js";
import { noteStart } from "../follow/recent-starts.js";
import { isAnswerLost, retryPolicies, type Attempts } from "../http/retry.js";
import { checkedCount, resolveOptions, type ConnectionOptions } from "../options.js";
import type { RunReference } from "../results.js";
import { checkNewRunId } from "../server/ids.js";
import type { ServerApi } from "../server/server-api.js";
import { isResumableStatus } from "../view/run-status.js";
import { callOnce, callServer, requiredText, type RunArgs } from "./call-server.js";
import { findWorkflowPath, getServerTraits, getStatus } from "./reads.js";

/** What {@link runWorkflow} takes. */
export interface RunWorkflowArgs extends ConnectionOptions {
  /**
   * Where the `.tsx` file is on the server's machine, seen from the server's root. On a Smithers gateway the workflow's key,
   * or any path whose file name is the key: `deploy` for `./deploy.tsx` and for `deploy/workflow.tsx`.
   */
  workflowPath: string;
  /** A JSON object; the server refuses anything else. */
  input: unknown;
  /** Default: a UUID made up here, so that a lost answer can never start a second run. */
  runId?: string | undefined;
  /** How many nodes may execute at the same time, at least 1. Default: the server's, 4. */
  maxConcurrency?: number | undefined;
}

/**
 * Starts a run. If the answer is lost, the call is repeated under the same run id, so that it starts one run.
 *
 * On a Smithers gateway the id is looked up first, since a gateway does not refuse one that exists. A 404 has the keys of its
 * workflows in `details.workflows`. A run whose input the workflow's schema rejects is accepted and never recorded: a
 * stream of it ends with a 404 that says so.
 *
 * @example
 * const { runId } = await runWorkflow({ workflowPath: "./deploy.tsx", input: { branch: "main" } });
 *
 * @throws {@link ArgumentError} for a run id that no call could reach afterwards, before anything is sent
 * @throws {@link HttpError} 409 if the given run id exists already; its `mayHaveBeenApplied` says whether an earlier
 *   attempt of this very call may have started it
 * @throws {@link SmithersError} if every answer was lost; the message has the run id that was made up here
 */
export async function runWorkflow(args: RunWorkflowArgs): Promise<RunReference> {
  const options = resolveOptions(args);
  const runId = checkNewRunId(args.runId ?? crypto.randomUUID());
  const workflowPath = requiredText("workflowPath", args.workflowPath);
  const run = { workflowPath, input: args.input, runId, maxConcurrency: checkedConcurrency(args) };
  let mayHaveStarted = false;
  const recover = async (error: unknown, attempts: Attempts) => {
    ({ mayHaveBeenApplied: mayHaveStarted } = attempts);
    if (!(error instanceof HttpError) || error.status !== 409 || attempts.before === 0) return undefined;
    // Nobody else can have an id that was made up here: an earlier attempt started the run.
    if (args.runId === undefined) return { runId };
    if (!mayHaveStarted) return undefined;
    throw withNote(error, "; an earlier attempt of this call lost its answer and may have started the run");
  };
  try {
    const start = (server: ServerApi) => server.startRun(run);
    const answer = await callServer(options, retryPolicies.repeatable, start, recover);
    noteStart(options.baseUrl, runId);
    return answer;
  } catch (error) {
    // A caller who starts it again without this id may have two runs.
    if (mayHaveStarted && error instanceof SmithersError) {
      error.message += `; if the server took it all the same, the run's id is ${runId}`;
    }
    throw error;
  }
}

/** What {@link rerun} takes. */
export interface RerunArgs extends RunArgs {
  /** The id of the run that is started. Default: a UUID made up here. */
  newRunId?: string | undefined;
}

/**
 * Starts a run's workflow again with the same input, under a new id (a Smithers gateway only: other servers keep the input
 * to themselves). The call is never repeated: if its answer is lost, the error's `mayHaveBeenApplied` is true.
 *
 * @example
 * const { runId: newRunId } = await rerun({ runId });
 *
 * @throws {@link HttpError} 404 `NEEDS_GATEWAY` if the server is not a Smithers gateway
 */
export async function rerun(args: RerunArgs): Promise<RunReference> {
  const options = resolveOptions(args);
  const runId = requiredText("runId", args.runId);
  const newRunId = checkNewRunId(args.newRunId ?? crypto.randomUUID());
  const send = (server: ServerApi) => server.rerunRun(runId, newRunId);
  const answer = await callOnce(options, send, `start of run ${newRunId}`);
  noteStart(options.baseUrl, newRunId);
  return answer;
}

/** What {@link resume} takes. */
export interface ResumeArgs extends RunArgs {
  /** Where the `.tsx` file is on the server's machine. Default: looked up in the list of runs, if the server needs it. */
  workflowPath?: string | undefined;
  /**
   * How many nodes may execute at the same time from now on, at least 1. Default: the server's; from 0.32 on that is what
   * the run was started with, on 0.5.0 it is 4.
   */
  maxConcurrency?: number | undefined;
}

/**
 * Resumes a stopped run: after a decision, a signal or a timer, after a failure, and after a crash of the server, which
 * leaves the run `running` for ever. A run that executes is left alone. After a failure the nodes that have finished stay
 * so, and one that has used up its attempts fails again at once.
 *
 * 0.32 takes a run for running until its engine was silent for 30 s: sooner after a crash the answer's `status` is
 * `running`, and nothing was resumed.
 *
 * A Smithers gateway continues a run by itself after a decision, a signal or a timer, and resumes none that has ended: a
 * failed run continues after a {@link retryNode}. A resume is left for a run that was paused, or that is `orphaned` (by its
 * `runState`) after a crash; any other changes nothing.
 *
 * @example
 * await resume({ runId, workflowPath: "./deploy.tsx" });
 *
 * @throws {@link HttpError} 404 if the server has no such run or workflow; on a gateway 409 `RUN_ENDED`
 */
export async function resume(args: ResumeArgs): Promise<RunReference> {
  const options = resolveOptions(args);
  const runId = requiredText("runId", args.runId);
  const maxConcurrency = checkedConcurrency(args);
  const run = { runId, workflowPath: await resumePath(args), maxConcurrency };
  const recover = async (error: unknown) => {
    // After a decision that was made here, the server itself was faster, and the run has gone on to its end.
    if (isRunEnded(error) && forgetDecisions(options.baseUrl, runId)) return { runId };
    if (!isAnswerLost(error)) return undefined;
    // A proxy that answers says that it is there, not that the server is.
    if (error instanceof HttpError) throw withNote(error, "; the resume may have been applied all the same");
    const { status } = await getStatus(args);
    return isResumableStatus(status) ? "retry" : { runId };
  };
  return callServer(options, retryPolicies.once, (server) => server.resumeRun(run), recover);
}

function checkedConcurrency({ maxConcurrency }: { maxConcurrency?: number | undefined }): number | undefined {
  return maxConcurrency === undefined ? undefined : checkedCount("maxConcurrency", maxConcurrency, 1);
}

/** The workflow's file for a resume; undefined if the server does not need it. */
async function resumePath({ workflowPath, ...run }: ResumeArgs): Promise<string | undefined> {
  if (workflowPath !== undefined) return requiredText("workflowPath", workflowPath);
  return (await getServerTraits(run)).resumeNeedsWorkflow ? findWorkflowPath(run) : undefined;
}

/** What {@link retryNode} takes. */
export interface RetryNodeArgs extends RunArgs {
  nodeId: string;
  /** The turn of the loop around the node; 0 is the first. Default: 0. */
  iteration?: number | undefined;
  /** Also run again what depends on the node. Default: the server's. */
  resetDependents?: boolean | undefined;
}

/**
 * Runs a node again and lets the run go on from there, also after the run has failed (a Smithers gateway only). The call
 * is never repeated: if its answer is lost, the error's `mayHaveBeenApplied` is true.
 *
 * @example
 * await retryNode({ runId, nodeId: "deploy" });
 *
 * @throws {@link HttpError} 404 `NEEDS_GATEWAY` if the server is not a Smithers gateway
 */
export async function retryNode(args: RetryNodeArgs): Promise<RunReference> {
  const { runId, resetDependents } = args;
  const nodeId = requiredText("nodeId", args.nodeId);
  const iteration = checkedCount("iteration", args.iteration ?? 0);
  const retry = (server: ServerApi) => server.retryNode(runId, nodeId, { iteration, resetDependents });
  return callOnce(resolveOptions(args), retry, "retry");
}

/**
 * Pauses a run that executes: it is `paused` once the tasks under way have ended, and continues after a {@link resume} (a
 * Smithers gateway only).
 *
 * @example
 * await pause({ runId });
 *
 * @throws {@link HttpError} 404 `NEEDS_GATEWAY` if the server is not a Smithers gateway, 409 if the run does not execute
 */
export async function pause(args: RunArgs): Promise<RunReference> {
  const { runId } = args;
  const recover = async (error: unknown, attempts: Attempts) => {
    const isRefused = error instanceof HttpError && error.status === 409;
    if (!isRefused || !attempts.mayHaveBeenApplied) return undefined;
    // The attempt that lost its answer may have paused it.
    const { status } = await getStatus(args);
    return status === "paused" ? { runId, status } : undefined;
  };
  const send = (server: ServerApi) => server.pauseRun(runId);
  return callServer(resolveOptions(args), retryPolicies.repeatable, send, recover);
}

/**
 * Cancels a run. The server answers at once; the run ends when the tasks that are executing have. A Smithers gateway does it
 * as 0.32 does.
 *
 * @example
 * await cancel({ runId });
 *
 * @throws {@link HttpError} 404 or 409 if the run cannot be cancelled: it has ended, or (0.5.0) is not executing
 */
export async function cancel(args: RunArgs): Promise<RunReference> {
  const { runId } = args;
  const recover = async (error: unknown, attempts: Attempts) => {
    const isGone = error instanceof HttpError && (error.status === 404 || error.code === "RUN_NOT_ACTIVE");
    if (!isGone || !attempts.mayHaveBeenApplied) return undefined;
    // The attempt that lost its answer has cancelled it, and a run that has ended is no longer there to cancel.
    await getStatus(args);
    return { runId };
  };
  const send = (server: ServerApi) => server.cancelRun(runId);
  return callServer(resolveOptions(args), retryPolicies.repeatable, send, recover);
}

function isRunEnded(error: unknown): boolean {
  return error instanceof HttpError && error.code === ownHttpCodes.runEnded;
}

function withNote(error: HttpError, note: string): HttpError {
  return new HttpError({ ...error, code: error.code, mayHaveBeenApplied: true }, note);
}
