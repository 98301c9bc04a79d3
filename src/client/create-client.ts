import { driveRecords, driveRun, findWorkflowPath } from "./follow/drive-run.js";
import { listApprovals } from "./follow/list-approvals.js";
import { loadRunView } from "./follow/load-run-view.js";
import { streamEvents } from "./follow/stream-events.js";
import { watchRecords, watchRun } from "./follow/watch-run.js";
import type { ConnectionOptions } from "./options.js";
import * as requests from "./requests.js";

/** The library's functions with one server's address, key and options in them. */
export interface SmithersClient {
  runWorkflow: typeof requests.runWorkflow;
  resume: typeof requests.resume;
  approve: typeof requests.approve;
  deny: typeof requests.deny;
  streamEvents: typeof streamEvents;
  getStatus: typeof requests.getStatus;
  getFrames: typeof requests.getFrames;
  cancel: typeof requests.cancel;
  listRuns: typeof requests.listRuns;
  listApprovals: typeof listApprovals;
  sendSignal: typeof requests.sendSignal;
  watchRun: typeof watchRun;
  watchRecords: typeof watchRecords;
  driveRun: typeof driveRun;
  driveRecords: typeof driveRecords;
  loadRunView: typeof loadRunView;
  findWorkflowPath: typeof findWorkflowPath;
}

/**
 * Binds the functions to a server. The arguments of a call override these defaults.
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
    runWorkflow: async (args) => requests.runWorkflow(filled(args)),
    resume: async (args) => requests.resume(filled(args)),
    approve: async (args) => requests.approve(filled(args)),
    deny: async (args) => requests.deny(filled(args)),
    streamEvents: (args) => streamEvents(filled(args)),
    getStatus: async (args) => requests.getStatus(filled(args)),
    getFrames: async (args) => requests.getFrames(filled(args)),
    cancel: async (args) => requests.cancel(filled(args)),
    listRuns: async (args = {}) => requests.listRuns(filled(args)),
    listApprovals: async (args = {}) => listApprovals(filled(args)),
    sendSignal: async (args) => requests.sendSignal(filled(args)),
    watchRun: (args) => watchRun(filled(args)),
    watchRecords: (args) => watchRecords(filled(args)),
    driveRun: (args) => driveRun(filled(args)),
    driveRecords: (args) => driveRecords(filled(args)),
    loadRunView: async (args) => loadRunView(filled(args)),
    findWorkflowPath: async (args) => findWorkflowPath(filled(args)),
  };
}
