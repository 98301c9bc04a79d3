import { ArgumentError } from "../errors/argument-error.js";
import { HttpError } from "../errors/http-error.js";
import { retryPolicies } from "../http/retry.js";
import { checkedCount, resolveOptions, type ConnectionOptions, type ResolvedOptions } from "../options.js";
import type { ApprovalRow, Frame, NodeOutput, Run, RunRow, WorkflowRow } from "../results.js";
import { knownServer } from "../server/detect-server.js";
import type { ServerApi, ServerTraits } from "../server/server-api.js";
import { callServer, readOfRun, requiredText, type RunArgs } from "./call-server.js";

/**
 * Asks where a run stands. A Smithers gateway says as much as 0.32, and the fields of {@link listRuns} besides.
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
 * Lists the newest renderings of a run's workflow tree, newest first, the same on every kind of server. `Frame` describes the
 * rows.
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

/** What {@link getOutput} takes. */
export interface OutputArgs extends RunArgs {
  nodeId: string;
  /** The turn of the loop around the node; 0 is the first. Default: 0. */
  iteration?: number | undefined;
}

/**
 * Reads what a node has produced (a Smithers gateway only).
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
 * Lists the workflows that the server knows by a key (a Smithers gateway only).
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
 * Finds out what kind of server answers, as far as it matters to a program. Costs a request only if no call to this base
 * URL has succeeded before.
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

/** A small question that every kind of server answers in its own way. */
async function ask(server: ServerApi): Promise<void> {
  try {
    await server.listRuns({ limit: 1 });
  } catch (error) {
    if (!(error instanceof HttpError) || error.code !== "DB_NOT_CONFIGURED") throw error;
  }
}

/** What {@link listRuns} takes. */
export interface ListRunsArgs extends ConnectionOptions {
  /** Maximum number of runs. Default: the server's, 50. */
  limit?: number | undefined;
  /** Only runs of this status. */
  status?: string | undefined;
}

/**
 * Lists runs, newest first. `RunRow` describes the rows. On a Smithers gateway those of other programs on the same database
 * are among them, and a run of a workflow without a file has `workflowPath: null`.
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
  return (await callServer(resolveOptions(args), retryPolicies.read, list)) as Row[];
}

/** The open approvals of a run, by default of all runs, as a server lists them (from 0.32 on). */
export async function readApprovalList(options: ResolvedOptions, runId?: string): Promise<ApprovalRow[]> {
  return callServer(options, retryPolicies.read, (server) => server.listApprovals(runId));
}

/**
 * Finds where a run's workflow file is on the server.
 *
 * @throws {@link HttpError} `DB_NOT_CONFIGURED` if the server keeps no list of runs
 * @throws {@link ArgumentError} if the list has no such run, or no file for it
 */
export async function findWorkflowPath(args: RunArgs): Promise<string> {
  const { runId, ...connection } = args;
  // Most runs that are asked about are recent; the long list is fetched only if the short one has no such run.
  for (const limit of [100, 100_000]) {
    const row = (await listRuns<RunRow>({ ...connection, limit })).find((each) => each.runId === runId);
    if (row !== undefined && typeof row.workflowPath === "string" && row.workflowPath !== "") {
      return row.workflowPath;
    }
  }
  throw new ArgumentError("runId", `the server's list of runs has no workflow file for run ${runId}`);
}
