import { driveRecords, driveRun } from "./follow/drive-run.js";
import { listApprovals } from "./follow/list-approvals.js";
import { loadRunView } from "./follow/load-run-view.js";
import { readHistory, readRecords } from "./follow/read-history.js";
import { streamEvents } from "./follow/stream-events.js";
import { watchRecords, watchRun } from "./follow/watch-run.js";
import type { ConnectionOptions } from "./options.js";
import * as decisions from "./requests/decisions.js";
import * as reads from "./requests/reads.js";
import * as runs from "./requests/runs.js";

/** The library's functions, bound to one server's address, key and options. */
export interface SmithersClient {
  runWorkflow: typeof runs.runWorkflow;
  rerun: typeof runs.rerun;
  resume: typeof runs.resume;
  approve: typeof decisions.approve;
  deny: typeof decisions.deny;
  streamEvents: typeof streamEvents;
  getStatus: typeof reads.getStatus;
  getFrames: typeof reads.getFrames;
  cancel: typeof runs.cancel;
  pause: typeof runs.pause;
  retryNode: typeof runs.retryNode;
  getOutput: typeof reads.getOutput;
  listRuns: typeof reads.listRuns;
  listWorkflows: typeof reads.listWorkflows;
  getServerTraits: typeof reads.getServerTraits;
  listApprovals: typeof listApprovals;
  sendSignal: typeof decisions.sendSignal;
  watchRun: typeof watchRun;
  watchRecords: typeof watchRecords;
  driveRun: typeof driveRun;
  driveRecords: typeof driveRecords;
  readHistory: typeof readHistory;
  readRecords: typeof readRecords;
  loadRunView: typeof loadRunView;
  findWorkflowPath: typeof reads.findWorkflowPath;
}

/**
 * Binds the library's functions to a server. The arguments of a call override these defaults.
 *
 * @example
 * const smithers = createClient({ baseUrl: "http://build-host:7331", apiKey });
 * const { runId } = await smithers.runWorkflow({ workflowPath: "./deploy.tsx", input: {} });
 */
export function createClient(defaults: ConnectionOptions = {}): SmithersClient {
  const filled = <Args extends ConnectionOptions>(args: Args): Args => {
    const given = Object.entries(args).filter(([, value]) => value !== undefined);
    return { ...defaults, ...Object.fromEntries(given) } as Args;
  };
  return {
    runWorkflow: async (args) => runs.runWorkflow(filled(args)),
    rerun: async (args) => runs.rerun(filled(args)),
    resume: async (args) => runs.resume(filled(args)),
    approve: async (args) => decisions.approve(filled(args)),
    deny: async (args) => decisions.deny(filled(args)),
    streamEvents: (args) => streamEvents(filled(args)),
    getStatus: async (args) => reads.getStatus(filled(args)),
    getFrames: async (args) => reads.getFrames(filled(args)),
    cancel: async (args) => runs.cancel(filled(args)),
    pause: async (args) => runs.pause(filled(args)),
    retryNode: async (args) => runs.retryNode(filled(args)),
    getOutput: async (args) => reads.getOutput(filled(args)),
    listRuns: async (args = {}) => reads.listRuns(filled(args)),
    listWorkflows: async (args = {}) => reads.listWorkflows(filled(args)),
    getServerTraits: async (args = {}) => reads.getServerTraits(filled(args)),
    listApprovals: async (args = {}) => listApprovals(filled(args)),
    sendSignal: async (args) => decisions.sendSignal(filled(args)),
    watchRun: (args) => watchRun(filled(args)),
    watchRecords: (args) => watchRecords(filled(args)),
    driveRun: (args) => driveRun(filled(args)),
    driveRecords: (args) => driveRecords(filled(args)),
    readHistory: (args) => readHistory(filled(args)),
    readRecords: (args) => readRecords(filled(args)),
    loadRunView: async (args) => loadRunView(filled(args)),
    findWorkflowPath: async (args) => reads.findWorkflowPath(filled(args)),
  };
}
