import { ArgumentError } from "../errors/argument-error.js";
import { HttpError } from "../errors/http-error.js";
import { retryPolicies } from "../http/retry.js";
import { checkedCount, resolveOptions, type ConnectionOptions, type ResolvedOptions } from "../options.js";
import type { ApprovalRow, Frame, NodeOutput, Run, RunRow, WorkflowRow } from "../results.js";
import { knownServer } from "../server/detect-server.js";
import { noLimit, type ServerApi, type ServerTraits } from "../server/server-api.js";
import { callServer, readOfRun, requiredText, type RunArgs } from "./call-server.js";

/**
 * Returns a run's status. A Smithers gateway returns the same fields as 0.32, plus those of {@link listRuns}.
 *
 * @example
 * const { status, summary } = await getStatus({ runId });
 *
 * @throws {@link HttpError} 404 if the server has no such run
 */
export async function getStatus(args: RunArgs): Promise<Run> {
  return readOfRun(args, (server) => server.getRun(args.runId));
}

/** Arguments of {@link getFrames}. */
export interface FramesArgs extends RunArgs {
  /** Maximum number of frames. Default: 20. */
  tail?: number | undefined;
}

/**
 * Lists the newest frames of a run, newest first. A frame is one rendering of the workflow tree. Every kind of server
 * returns the same rows; `Frame` describes them.
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

/** Arguments of {@link getOutput}. */
export interface OutputArgs extends RunArgs {
  nodeId: string;
  /** The iteration of the loop around the node; 0 is the first. Default: 0. */
  iteration?: number | undefined;
}

/**
 * Reads a node's output (Smithers gateway only).
 *
 * @example
 * const { row } = await getOutput({ runId, nodeId: "build" });
 *
 * @throws {@link HttpError} 404 `NEEDS_GATEWAY` if the server is not a Smithers gateway
 */
export async function getOutput(args: OutputArgs): Promise<NodeOutput> {
  const nodeId = requiredText("nodeId", args.nodeId);
  const iteration = checkedCount("iteration", args.iteration ?? 0);
  return readOfRun(args, (server) => server.getOutput(args.runId, nodeId, iteration));
}

/**
 * Lists the workflows that have a key on the server (Smithers gateway only).
 *
 * @example
 * const keys = (await listWorkflows()).map(({ key }) => key);
 *
 * @throws {@link HttpError} 404 `NEEDS_GATEWAY` if the server is not a Smithers gateway
 */
export async function listWorkflows(args: ConnectionOptions = {}): Promise<WorkflowRow[]> {
  return callServer(resolveOptions(args), retryPolicies.read, (server) => server.listWorkflows());
}

/**
 * Returns how the server behaves where kinds of servers differ. Sends a request only if no earlier call has shown the
 * kind of server at this base URL.
 *
 * @example
 * if (!(await getServerTraits()).resumesByItself) await resume({ runId });
 *
 * @throws what {@link listRuns} throws
 */
export async function getServerTraits(args: ConnectionOptions = {}): Promise<ServerTraits> {
  const options = resolveOptions(args);
  const known = knownServer(options);
  if (known !== undefined) return known.traits;
  return callServer(options, retryPolicies.read, async (server) => {
    if (knownServer(options) === undefined) await ask(server);
    return server.traits;
  });
}

/** Sends a small request. Every kind of server answers it in its own way, which shows the kind. */
async function ask(server: ServerApi): Promise<void> {
  try {
    await server.listRuns({ limit: 1 });
  } catch (error) {
    if (!(error instanceof HttpError) || error.code !== "DB_NOT_CONFIGURED") throw error;
  }
}

/** Arguments of {@link listRuns}. */
export interface ListRunsArgs extends ConnectionOptions {
  /** Maximum number of runs. Default: the server's, 50. */
  limit?: number | undefined;
  /** Only runs with this status. Default: all runs. */
  status?: string | undefined;
}

/**
 * Lists runs, newest first. `RunRow` describes the rows. On a Smithers gateway the list includes runs that other
 * programs started on the same database, and a run of a workflow without a file has `workflowPath: null`.
 *
 * @example
 * const failed = await listRuns<RunRow>({ status: "failed", limit: 10 });
 *
 * @throws {@link HttpError} 400 `DB_NOT_CONFIGURED` if the server keeps no list of runs
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- rows are `any[]` in the client that this one replaces
export async function listRuns<Row = any>(args: ListRunsArgs = {}): Promise<Row[]> {
  const limit = args.limit === undefined ? undefined : checkedCount("limit", args.limit, 1);
  const { status } = args;
  const list = (server: ServerApi): Promise<RunRow[]> => server.listRuns({ limit, status });
  return (await callServer(resolveOptions(args), retryPolicies.read, list)) as Row[];
}

/**
 * Reads the server's list of open approvals (0.32 and later): those of one run, or of all runs if `runId` is
 * `undefined`.
 */
export async function readApprovalList(options: ResolvedOptions, runId?: string): Promise<ApprovalRow[]> {
  return callServer(options, retryPolicies.read, (server) => server.listApprovals(runId));
}

/**
 * Finds the path of a run's workflow file on the server.
 *
 * @throws {@link HttpError} `DB_NOT_CONFIGURED` if the server keeps no list of runs
 * @throws {@link ArgumentError} if the list does not contain the run, or has no workflow file for it
 */
export async function findWorkflowPath(args: RunArgs): Promise<string> {
  const { runId, ...connection } = args;
  // Most requested runs are recent. Fetch the long list only if the short one does not contain the run.
  for (const limit of [100, noLimit]) {
    const row = (await listRuns<RunRow>({ ...connection, limit })).find((each) => each.runId === runId);
    if (row !== undefined && typeof row.workflowPath === "string" && row.workflowPath !== "") {
      return row.workflowPath;
    }
  }
  throw new ArgumentError("runId", `the server's list of runs has no workflow file for run ${runId}`);
}
