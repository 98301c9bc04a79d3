import { ArgumentError } from "./errors/argument-error.js";
import { HttpError } from "./errors/http-error.js";
import { SmithersError } from "./errors/smithers-error.js";
import { noteDecision } from "./follow/own-decisions.js";
import { noteStart, startedRecently } from "./follow/recent-starts.js";
import { isAnswerLost, retryPolicies, withRetries, type Attempts } from "./http/retry.js";
import { checkedCount, resolveOptions, type ConnectionOptions, type ResolvedOptions } from "./options.js";
import type { ApprovalRow, Frame, RunReference, RunRow, Run, SignalReceipt } from "./results.js";
import { withServer } from "./server/detect-server.js";
import { checkNewRunId } from "./server/ids.js";
import type { Decision, ServerApi } from "./server/server-api.js";
import { isResumableStatus } from "./view/run-status.js";

/** Names the run that a call is about. */
export interface RunArgs extends ConnectionOptions {
  runId: string;
}

/** What {@link runWorkflow} takes. */
export interface RunWorkflowArgs extends ConnectionOptions {
  /** Where the `.tsx` file is on the server's machine, seen from the server's root. */
  workflowPath: string;
  /** A JSON object; the server refuses anything else. */
  input: unknown;
  /** Default: a UUID made up here, so that a lost answer can never start a second run. */
  runId?: string | undefined;
}

/**
 * Starts a run. If the answer is lost, the call is repeated under the same run id, so that it starts one run.
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
    const start = (server: ServerApi) => server.startRun({ workflowPath, input: args.input, runId });
    const answer = await request(options, retryPolicies.repeatable, start, recover);
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

/** What {@link resume} takes. */
export interface ResumeArgs extends RunArgs {
  /** Where the `.tsx` file is on the server's machine; `listRuns` has it for each run. */
  workflowPath: string;
}

/**
 * Resumes a stopped run: after a decision, a signal or a timer, after a failure, and after a crash of the server, which
 * leaves the run `running` for ever. A run that executes is left alone. After a failure the nodes that have finished stay
 * so, and one that has used up its attempts fails again at once.
 *
 * 0.32 takes a run for running until its engine was silent for 30 s: sooner after a crash the answer's `status` is
 * `running`, and nothing was resumed.
 *
 * @example
 * await resume({ runId, workflowPath: "./deploy.tsx" });
 *
 * @throws {@link HttpError} 404 if the server has no such run or workflow
 */
export async function resume(args: ResumeArgs): Promise<RunReference> {
  const run = {
    runId: requiredText("runId", args.runId),
    workflowPath: requiredText("workflowPath", args.workflowPath),
  };
  const recover = async (error: unknown) => {
    if (!isAnswerLost(error)) return undefined;
    // A proxy that answers says that it is there, not that the server is.
    if (error instanceof HttpError) throw withNote(error, "; the resume may have been applied all the same");
    const { status } = await getStatus(args);
    return isResumableStatus(status) ? "retry" : { runId: run.runId };
  };
  return request(resolveOptions(args), retryPolicies.once, (server) => server.resumeRun(run), recover);
}

/** What {@link approve} and {@link deny} take. */
export interface DecideArgs extends RunArgs {
  nodeId: string;
  /** The turn of the loop around the node; 0 is the first. Default: 0. */
  iteration?: number | undefined;
  note?: string | undefined;
  /** Who decided, for the server's records. */
  decidedBy?: string | undefined;
}

/**
 * Approves a node that waits for a person. The decision is only recorded: a run that has paused continues after a
 * {@link resume}, which this process sends if it is streaming the run. The call is never repeated: if its answer is
 * lost, the error's `mayHaveBeenApplied` is true.
 *
 * @example
 * await approve({ runId, nodeId: "gate", note: "looks good" });
 *
 * @throws {@link HttpError} 404 if the server has no such run or node; 0.5.0 accepts any
 */
export function approve(args: DecideArgs): Promise<RunReference> {
  return decide("approve", args);
}

/**
 * Denies a node that waits for a person; otherwise as {@link approve}.
 *
 * @example
 * await deny({ runId, nodeId: "gate", note: "wrong branch" });
 *
 * @throws {@link HttpError} 404 if the server has no such run or node; 0.5.0 accepts any
 */
export function deny(args: DecideArgs): Promise<RunReference> {
  return decide("deny", args);
}

async function decide(decision: Decision, args: DecideArgs): Promise<RunReference> {
  const options = resolveOptions(args);
  const { runId, nodeId, note, decidedBy } = args;
  const iteration = checkedCount("iteration", args.iteration ?? 0);
  const send = (server: ServerApi) => server.decide(decision, runId, nodeId, { iteration, note, decidedBy });
  try {
    const answer = await sendOnce(options, send, "decision");
    noteDecision(options.baseUrl, runId, { nodeId, iteration });
    return answer;
  } catch (error) {
    if (isAnswerLost(error)) noteDecision(options.baseUrl, runId, { nodeId, iteration });
    throw error;
  }
}

/** What {@link sendSignal} takes. */
export interface SendSignalArgs extends RunArgs {
  /** What the workflow waits for: the id of its `<Signal>`, the `event` of its `<WaitForEvent>`. */
  name: string;
  /** Any JSON value. A workflow that checks it against a schema fails if it does not fit. Default: `{}`. */
  data?: unknown;
  /** Selects one of several waits of this name: the one with the same id. */
  correlationId?: string | undefined;
  /** Who sends it, for the server's records. */
  sentBy?: string | undefined;
}

/**
 * Sends a signal to a run (servers from 0.32 on). The signal is only recorded, even if no node waits for it yet, and no
 * event or status shows it: a run that has stopped to wait (`waiting-event`) continues after a {@link resume}. The call
 * is never repeated, since the server keeps each signal: if its answer is lost, the error's `mayHaveBeenApplied` is true.
 *
 * @example
 * await sendSignal({ runId, name: "deploy-window", data: { open: true } });
 *
 * @throws {@link HttpError} 404 `NEWER_ROUTE` if the server is older
 */
export async function sendSignal(args: SendSignalArgs): Promise<SignalReceipt> {
  const { runId, data = {}, correlationId, sentBy } = args;
  const name = requiredText("name", args.name);
  const send = (server: ServerApi) => server.sendSignal(runId, name, { data, correlationId, sentBy });
  return sendOnce(resolveOptions(args), send, "signal");
}

/** Sends what must not be done twice; if the answer is lost, the error says so. */
function sendOnce<T>(
  options: ResolvedOptions,
  send: (server: ServerApi) => Promise<T>,
  what: string,
): Promise<T> {
  return request(options, retryPolicies.once, send, async (error) => {
    if (isAnswerLost(error)) {
      const note = `; the ${what} may have been applied all the same, and is not sent again`;
      if (!error.message.endsWith(note)) error.message += note;
    }
    return undefined;
  });
}

/**
 * Asks where a run stands.
 *
 * @example
 * const { status, summary } = await getStatus({ runId });
 *
 * @throws {@link HttpError} 404 if the server has no such run
 */
export async function getStatus(args: RunArgs): Promise<Run> {
  return readOfRun(args, (server) => server.getRun(args.runId));
}

/** What {@link getFrames} takes. */
export interface FramesArgs extends RunArgs {
  /** Maximum number of frames. Default: 20. */
  tail?: number | undefined;
}

/**
 * Lists the newest renderings of a run's workflow tree, newest first. `Frame` describes the rows.
 *
 * @example
 * const [newest] = await getFrames<Frame>({ runId, tail: 1 });
 *
 * @throws {@link HttpError} 404 if the server has no such run
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- rows are `any[]` in the client that this one replaces
export async function getFrames<Row = any>(args: FramesArgs): Promise<Row[]> {
  const tail = checkedCount("tail", args.tail ?? 20, 1);
  return (await readOfRun(args, (server): Promise<Frame[]> => server.getFrames(args.runId, tail))) as Row[];
}

/**
 * Cancels a run. The server answers at once; the run ends when the tasks that are executing have.
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
  return request(
    resolveOptions(args),
    retryPolicies.repeatable,
    (server) => server.cancelRun(runId),
    recover,
  );
}

/** What {@link listRuns} takes. */
export interface ListRunsArgs extends ConnectionOptions {
  /** Maximum number of runs. Default: the server's, 50. */
  limit?: number | undefined;
  /** Only runs of this status. */
  status?: string | undefined;
}

/**
 * Lists runs, newest first. `RunRow` describes the rows.
 *
 * @example
 * const failed = await listRuns<RunRow>({ status: "failed", limit: 10 });
 *
 * @throws {@link HttpError} 400 `DB_NOT_CONFIGURED` if the server keeps no list
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- rows are `any[]` in the client that this one replaces
export async function listRuns<Row = any>(args: ListRunsArgs = {}): Promise<Row[]> {
  const limit = args.limit === undefined ? undefined : checkedCount("limit", args.limit, 1);
  const { status } = args;
  const list = (server: ServerApi): Promise<RunRow[]> => server.listRuns({ limit, status });
  return (await request(resolveOptions(args), retryPolicies.read, list)) as Row[];
}

/** The open approvals of a run, by default of all runs, as a server lists them (from 0.32 on). */
export async function readApprovalList(options: ResolvedOptions, runId?: string): Promise<ApprovalRow[]> {
  const rows = await request(options, retryPolicies.read, (server) => server.listApprovals());
  return runId === undefined ? rows : rows.filter((row) => row.runId === runId);
}

/** Makes a call, whatever kind of server it is, as often as the policy allows. */
function request<T>(
  options: ResolvedOptions,
  policy: Parameters<typeof withRetries>[1],
  call: (server: ServerApi) => Promise<T>,
  recover?: (error: unknown, attempts: Attempts) => Promise<T | "retry" | undefined>,
): Promise<T> {
  return withRetries(options, policy, () => withServer(options, call), recover);
}

function readOfRun<T>(args: RunArgs, call: (server: ServerApi) => Promise<T>): Promise<T> {
  const options = resolveOptions(args);
  return request(options, retryPolicies.read, call, async (error) => {
    const isMissing = error instanceof HttpError && error.status === 404;
    return isMissing && startedRecently(options.baseUrl, args.runId) ? "retry" : undefined;
  });
}

function requiredText(argument: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new ArgumentError(argument, `${argument} must be a text that is not empty`);
}

function withNote(error: HttpError, note: string): HttpError {
  return new HttpError({ ...error, code: error.code, mayHaveBeenApplied: true }, note);
}
