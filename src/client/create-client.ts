import type { ConnectionOptions } from "./connection.js";
import { driveRecords, driveRun, findWorkflowPath, type DriveRunArgs } from "./drive-run.js";
import { listApprovals } from "./list-approvals.js";
import { loadRunView } from "./load-run-view.js";
import * as requests from "./requests.js";
import { streamEvents, type StreamEventsArgs } from "./stream-events.js";
import { watchRecords, watchRun, type WatchRunArgs } from "./watch-run.js";

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
  /** As `sendSignal`. */
  signal: typeof requests.sendSignal;
  watchRun: typeof watchRun;
  watchRecords: typeof watchRecords;
  driveRun: typeof driveRun;
  driveRecords: typeof driveRecords;
  loadRunView: typeof loadRunView;
  findWorkflowPath: typeof findWorkflowPath;
}

/**
 * Binds the functions to a server. What a call gives itself goes before these defaults.
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
  const sendSignal: typeof requests.sendSignal = async (args) => requests.sendSignal(filled(args));
  return {
    runWorkflow: async (args) => requests.runWorkflow(filled(args)),
    resume: async (args) => requests.resume(filled(args)),
    approve: async (args) => requests.approve(filled(args)),
    deny: async (args) => requests.deny(filled(args)),
    streamEvents: (args: StreamEventsArgs) => streamEvents(filled(args)),
    getStatus: async (args) => requests.getStatus(filled(args)),
    getFrames: async (args) => requests.getFrames(filled(args)),
    cancel: async (args) => requests.cancel(filled(args)),
    listRuns: async (args = {}) => requests.listRuns(filled(args)),
    listApprovals: async (args = {}) => listApprovals(filled(args)),
    sendSignal,
    signal: sendSignal,
    watchRun: (args: WatchRunArgs) => watchRun(filled(args)),
    watchRecords: (args: WatchRunArgs) => watchRecords(filled(args)),
    driveRun: (args: DriveRunArgs) => driveRun(filled(args)),
    driveRecords: (args: DriveRunArgs) => driveRecords(filled(args)),
    loadRunView: async (args) => loadRunView(filled(args)),
    findWorkflowPath: async (args) => findWorkflowPath(filled(args)),
  };
}
