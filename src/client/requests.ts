import { checkedCount, connect, type Connection, type ConnectionOptions } from "./connection.js";
import { ArgumentError } from "./errors/argument-error.js";
import { ConnectionError } from "./errors/connection-error.js";
import { HttpError } from "./errors/http-error.js";
import { ProtocolError } from "./errors/protocol-error.js";
import { SmithersError } from "./errors/smithers-error.js";
import type { Frame, RunReference, RunRow, RunStatus, SignalReceipt } from "./results.js";
import { isLost, requestWithRetries, retryPolicies, type Attempts } from "./retry.js";
import { routes, type Route } from "./routes.js";
import { runIdProblem } from "./run-id.js";
import { mayBeUnrecorded, rememberStart } from "./started-runs.js";

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
 * Starts a run. Sent again when its answer was lost, always under the same run id, so that it starts one run; where every
 * answer was lost, the error's message has that id.
 *
 * @throws {@link HttpError} 409 where the given run id exists already; its `mayHaveBeenApplied` says that an earlier
 *   attempt of this very call may have made it
 */
export async function runWorkflow(args: RunWorkflowArgs): Promise<RunReference> {
  const connection = connect(args);
  const runId = args.runId ?? crypto.randomUUID();
  const problem = runIdProblem(requiredText("runId", runId));
  if (problem !== undefined)
    throw new ArgumentError(
      "runId",
      `no request could reach a run of the id ${JSON.stringify(runId)}: ${problem}`,
    );
  const route = routes.startRun({
    workflowPath: requiredText("workflowPath", args.workflowPath),
    input: args.input,
    runId,
  });
  let mayHaveStarted = false;
  const recover = async (error: unknown, attempts: Attempts) => {
    ({ mayHaveBeenApplied: mayHaveStarted } = attempts);
    if (!(error instanceof HttpError) || error.status !== 409 || attempts.before === 0) return undefined;
    // Nobody else can have an id that was made up here: the run is the one an earlier attempt started.
    if (args.runId === undefined) return { runId };
    if (!mayHaveStarted) return undefined;
    throw withNote(
      error,
      "; an earlier attempt of this call lost its answer and may be what started the run",
    );
  };
  let answer: unknown;
  try {
    answer = await requestWithRetries(connection, route, retryPolicies.repeatable, recover);
  } catch (error) {
    // Whoever starts it again without knowing this id may have two runs.
    if (args.runId === undefined && mayHaveStarted && error instanceof SmithersError)
      error.message += `; where the server took it all the same, the run's id is ${runId}`;
    throw error;
  }
  rememberStart(connection.baseUrl, runId);
  return reference(answer, runId);
}

/** What {@link resume} takes. */
export interface ResumeArgs extends RunArgs {
  /** Where the `.tsx` file is on the server's machine; `listRuns` knows it for each run. */
  workflowPath: string;
}

/**
 * Lets a run go on that has stopped: after a decision, a signal or a timer, after a failure, after a crash of the server,
 * which leaves it `running` for ever. On a run that is running already it does nothing. After a failure the nodes that
 * have finished stay so, and one that has used up its attempts fails again at once.
 *
 * 0.32 takes a run for running until its engine was not heard of for 30 s: sooner after a crash the answer's `status` is
 * `running`, and nothing was resumed.
 */
export async function resume(args: ResumeArgs): Promise<RunReference> {
  const connection = connect(args);
  const runId = requiredText("runId", args.runId);
  const route = routes.resumeRun({ workflowPath: requiredText("workflowPath", args.workflowPath), runId });
  const answer = await requestWithRetries(connection, route, retryPolicies.once, async (error) => {
    if (!isLost(error)) return undefined;
    const { status } = await getStatus(args);
    return isStillStopped(status) ? "retry" : { runId };
  });
  return reference(answer, runId);
}

/** What {@link approve} and {@link deny} take. */
export interface DecideArgs extends RunArgs {
  nodeId: string;
  /** Which turn of the loop around the node. Default: 0. */
  iteration?: number | undefined;
  note?: string | undefined;
  /** Who decided, for the server's records. */
  decidedBy?: string | undefined;
}

/**
 * Approves a node that waits for a person. The decision is only recorded: a run that has paused goes on after a
 * {@link resume}. Never sent twice: where its answer is lost the error says that it may have been applied.
 */
export function approve(args: DecideArgs): Promise<RunReference> {
  return decide("approve", args);
}

/** Denies a node that waits for a person; otherwise as {@link approve}. */
export function deny(args: DecideArgs): Promise<RunReference> {
  return decide("deny", args);
}

async function decide(decision: "approve" | "deny", args: DecideArgs): Promise<RunReference> {
  const connection = connect(args);
  const route = routes.decideGate(decision, args.runId, args.nodeId, {
    iteration: checkedCount("iteration", args.iteration ?? 0),
    note: args.note,
    decidedBy: args.decidedBy,
  });
  return reference(await sendOnce(connection, route, "decision"), args.runId);
}

export interface SendSignalArgs extends RunArgs {
  /** What the workflow waits for: the id of its `<Signal>`, the `event` of its `<WaitForEvent>`. */
  name: string;
  /** Any JSON value; the workflow may hold it against a schema, and fails where it does not fit. Default: `{}`. */
  data?: unknown;
  /** Which of several waits of this name is meant; the one that names the same id. */
  correlationId?: string | undefined;
}

/**
 * Sends a run a signal (servers from 0.32 on). The signal is only recorded, also where no node waits for it yet, and no
 * event or status tells of it: a run that has stopped to wait (`waiting-event`) goes on after a {@link resume}, and so
 * does one that comes to the wait later.
 *
 * Never sent twice, since the server keeps each one, a correlation id or not: where its answer is lost the error says
 * that it may have been applied.
 *
 * @throws {HttpError} 404 `NEWER_ROUTE` where the server is older
 */
export async function sendSignal(args: SendSignalArgs): Promise<SignalReceipt> {
  const { data = {}, correlationId } = args;
  const route = routes.sendSignal(args.runId, requiredText("name", args.name), { data, correlationId });
  return document<SignalReceipt>(await sendOnce(connect(args), route, "signal"));
}

/** Sends what must not be done twice; where the answer is lost, the error says so. */
function sendOnce(connection: Connection, route: Route, what: string): Promise<unknown> {
  return requestWithRetries(connection, route, retryPolicies.once, async (error) => {
    if (!(error instanceof ConnectionError) || !error.mayHaveBeenApplied) return undefined;
    throw new ConnectionError(
      `${error.message}; the ${what} may have been applied all the same, and is not sent again`,
      error,
    );
  });
}

/** Asks where a run stands. */
export async function getStatus(args: RunArgs): Promise<RunStatus> {
  const status = document<RunStatus>(await readOfRun(args, routes.status(args.runId)));
  if (typeof status.status === "string") return status;
  throw new ProtocolError("the server's answer has no status in it; is this a Smithers server?");
}

/** What {@link getFrames} takes. */
export interface FramesArgs extends RunArgs {
  /** At most so many frames. Default: 20. */
  tail?: number | undefined;
}

/** Lists the newest renderings of a run's workflow tree, newest first. */
export async function getFrames(args: FramesArgs): Promise<Frame[]> {
  const route = routes.frames(args.runId, checkedCount("tail", args.tail ?? 20, 1));
  return list<Frame>(await readOfRun(args, route));
}

/** Cancels a run. The server answers at once; the run ends when the tasks under way have. */
export async function cancel(args: RunArgs): Promise<RunReference> {
  const answer = await requestWithRetries(
    connect(args),
    routes.cancelRun(args.runId),
    retryPolicies.repeatable,
    async (error, attempts) => {
      const gone = error instanceof HttpError && (error.status === 404 || error.code === "RUN_NOT_ACTIVE");
      if (!gone || !attempts.mayHaveBeenApplied) return undefined;
      // The attempt whose answer was lost has cancelled it, and a run that is over is no longer there to cancel.
      await getStatus(args);
      return { runId: args.runId };
    },
  );
  return reference(answer, args.runId);
}

/** What {@link listRuns} takes. */
export interface ListRunsArgs extends ConnectionOptions {
  /** At most so many runs. Default: the server's, 50. */
  limit?: number | undefined;
  /** Only runs of this status. */
  status?: string | undefined;
}

/**
 * Lists runs, newest first.
 *
 * @throws {@link HttpError} 400 `DB_NOT_CONFIGURED` where the server keeps no list
 */
export async function listRuns(args: ListRunsArgs = {}): Promise<RunRow[]> {
  const limit = args.limit === undefined ? undefined : checkedCount("limit", args.limit, 1);
  const route = routes.listRuns({ limit, status: args.status });
  return list<RunRow>(await requestWithRetries(connect(args), route, retryPolicies.read));
}

function readOfRun(args: RunArgs, route: Route): Promise<unknown> {
  const connection = connect(args);
  return requestWithRetries(connection, route, retryPolicies.read, async (error) => {
    const isMissing = error instanceof HttpError && error.status === 404;
    return isMissing && mayBeUnrecorded(connection.baseUrl, args.runId) ? "retry" : undefined;
  });
}

/** Whether a run of this status moves only by somebody's doing: a failed or a cancelled one can be resumed too. */
function isStillStopped(status: string): boolean {
  return status.startsWith("waiting-") || ["paused", "failed", "cancelled"].includes(status);
}

function requiredText(argument: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new ArgumentError(argument, `${argument} must be a text that is not empty`);
}

function withNote(error: HttpError, note: string): HttpError {
  return new HttpError({ ...error, code: error.code, mayHaveBeenApplied: true }, note);
}

function reference(answer: unknown, runId: string): RunReference {
  const object = document<RunReference>(answer);
  return typeof object.runId === "string" ? object : { ...object, runId };
}

function document<T extends object>(answer: unknown): T {
  if (typeof answer === "object" && answer !== null && !Array.isArray(answer)) return answer as T;
  throw new ProtocolError(
    "the server's answer is not the JSON object it should be; is this a Smithers server?",
  );
}

function list<T>(answer: unknown): T[] {
  if (Array.isArray(answer)) return answer as T[];
  throw new ProtocolError(
    "the server's answer is not the JSON array it should be; is this a Smithers server?",
  );
}
