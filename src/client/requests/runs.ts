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

/** Arguments of {@link runWorkflow}. */
export interface RunWorkflowArgs extends ConnectionOptions {
  /**
   * Path of the `.tsx` file on the server's machine, relative to the server's root. On a Smithers gateway: the
   * workflow's key, or a path that names it: the key is `deploy` for `./deploy.tsx` and for `deploy/workflow.tsx`.
   */
  workflowPath: string;
  /** A JSON object; the server rejects anything else. */
  input: unknown;
  /** Default: a generated UUID, so that a lost answer can never start a second run. */
  runId?: string | undefined;
  /** How many nodes may execute at the same time, at least 1. Default: the server's, 4. */
  maxConcurrency?: number | undefined;
}

/**
 * Starts a run. If the answer is lost, the call is retried with the same run id, so that it starts only one run.
 *
 * On a Smithers gateway the id is looked up first, because a gateway does not reject an id that exists. A 404 lists the
 * keys of the gateway's workflows in `details.workflows`. A run whose input does not match the workflow's schema is
 * accepted but never recorded: a stream of it ends with a 404 that says so.
 *
 * @example
 * const { runId } = await runWorkflow({ workflowPath: "./deploy.tsx", input: { branch: "main" } });
 *
 * @throws {@link ArgumentError} if no later call could reach a run with this id; nothing was sent
 * @throws {@link HttpError} 409 if the given run id already exists; its `mayHaveBeenApplied` says whether an earlier
 *   attempt of this same call may have started the run
 * @throws {@link SmithersError} if every answer was lost; the message contains the run id
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
    // No other call can use a generated id: an earlier attempt started the run.
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
    // A caller that starts it again without this id may get a second run.
    if (mayHaveStarted && error instanceof SmithersError) {
      error.message += `; if the server accepted it, the run's id is ${runId}`;
    }
    throw error;
  }
}

/** Arguments of {@link rerun}. */
export interface RerunArgs extends RunArgs {
  /** The id of the new run. Default: a generated UUID. */
  newRunId?: string | undefined;
}

/**
 * Starts a run's workflow again with the same input, under a new id (Smithers gateway only: other servers do not return
 * the input). The call is never retried once it may have been applied: if its answer is lost, the error's
 * `mayHaveBeenApplied` is true.
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

/** Arguments of {@link resume}. */
export interface ResumeArgs extends RunArgs {
  /**
   * Path of the `.tsx` file on the server's machine. Default: looked up in the list of runs, if the server needs it.
   */
  workflowPath?: string | undefined;
  /**
   * How many nodes may execute at the same time from now on, at least 1. Default: the server's. From 0.32 on, that is
   * the value that the run was started with; on 0.5.0, it is 4.
   */
  maxConcurrency?: number | undefined;
}

/**
 * Resumes a stopped run: after a decision, a signal or a timer, after a failure, and after a server crash, which leaves
 * the run `running` forever. Has no effect on a run that is executing. After a failure, finished nodes stay finished,
 * and a node that has used up its attempts fails again at once.
 *
 * 0.32 considers a run to be executing until its engine has been silent for 30 s. Sooner than that after a crash, the
 * answer's `status` is `running`, and nothing was resumed.
 *
 * A Smithers gateway continues a run by itself after a decision, a signal or a timer, and does not resume a run that
 * has ended: a failed run continues after a {@link retryNode}. On a gateway, resume a run that was paused, or that is
 * `orphaned` (in its `runState`) after a crash; for any other run, nothing changes.
 *
 * @example
 * await resume({ runId, workflowPath: "./deploy.tsx" });
 *
 * @throws {@link HttpError} 404 if the server has no such run or workflow; on a gateway, 409 `RUN_ENDED` if the run has
 *   ended
 */
export async function resume(args: ResumeArgs): Promise<RunReference> {
  const options = resolveOptions(args);
  const runId = requiredText("runId", args.runId);
  const maxConcurrency = checkedConcurrency(args);
  const run = { runId, workflowPath: await resumePath(args), maxConcurrency };
  const recover = async (error: unknown) => {
    // After a decision by this process, the server itself was faster, and the run has already ended.
    if (isRunEnded(error) && forgetDecisions(options.baseUrl, runId)) return { runId };
    if (!isAnswerLost(error)) return undefined;
    // An answer from a proxy proves that the proxy is up, not that the server is.
    if (error instanceof HttpError) throw withNote(error, "; the resume may have been applied anyway");
    const { status } = await getStatus(args);
    return isResumableStatus(status) ? "retry" : { runId };
  };
  return callServer(options, retryPolicies.once, (server) => server.resumeRun(run), recover);
}

function checkedConcurrency({ maxConcurrency }: { maxConcurrency?: number | undefined }): number | undefined {
  return maxConcurrency === undefined ? undefined : checkedCount("maxConcurrency", maxConcurrency, 1);
}

/** Returns the workflow path for a resume; `undefined` if the server does not need one. */
async function resumePath({ workflowPath, ...run }: ResumeArgs): Promise<string | undefined> {
  if (workflowPath !== undefined) return requiredText("workflowPath", workflowPath);
  return (await getServerTraits(run)).resumeNeedsWorkflow ? findWorkflowPath(run) : undefined;
}

/** Arguments of {@link retryNode}. */
export interface RetryNodeArgs extends RunArgs {
  nodeId: string;
  /** The iteration of the loop around the node; 0 is the first. Default: 0. */
  iteration?: number | undefined;
  /** Whether to run the nodes that depend on this one again, too. Default: the server's. */
  resetDependents?: boolean | undefined;
}

/**
 * Runs a node again and continues the run from there, even if the run has failed (Smithers gateway only). The call is
 * never retried once it may have been applied: if its answer is lost, the error's `mayHaveBeenApplied` is true.
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
 * Pauses a run that is executing (Smithers gateway only). It becomes `paused` once its executing tasks have ended, and
 * continues after a {@link resume}.
 *
 * @example
 * await pause({ runId });
 *
 * @throws {@link HttpError} 404 `NEEDS_GATEWAY` if the server is not a Smithers gateway, 409 if the run is not
 *   executing
 */
export async function pause(args: RunArgs): Promise<RunReference> {
  const { runId } = args;
  const recover = async (error: unknown, attempts: Attempts) => {
    const isRefused = error instanceof HttpError && error.status === 409;
    if (!isRefused || !attempts.mayHaveBeenApplied) return undefined;
    // An earlier attempt whose answer was lost may have paused it.
    const { status } = await getStatus(args);
    return status === "paused" ? { runId, status } : undefined;
  };
  const send = (server: ServerApi) => server.pauseRun(runId);
  return callServer(resolveOptions(args), retryPolicies.repeatable, send, recover);
}

/**
 * Cancels a run. The server answers at once; the run ends once its executing tasks have ended. A Smithers gateway
 * behaves like 0.32.
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
    // An earlier attempt whose answer was lost has cancelled the run, which is no longer active. `getStatus` throws if
    // the run does not exist.
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
