import type { RunStatusName } from "./smithers-event.js";

/** What `getStatus` gives: where a run stands. Newer servers add fields, which are kept. */
export interface RunStatus {
  runId: string;
  workflowName: string;
  status: RunStatusName;
  /** Milliseconds since 1970, by the server's clock; `null` before the start. */
  startedAtMs: number | null;
  /** `null` until the run has ended; a resumed run keeps the time of its earlier end until the next one. */
  finishedAtMs: number | null;
  /** How many nodes are in each state, such as `{ finished: 3, pending: 2 }`. */
  summary: Record<string, number>;
  /** From 0.32 on: the server's own judgement, with what blocks the run. */
  runState?: RunState;
  [field: string]: any;
}

/** `runState` of a 0.32 server's status. */
export interface RunState {
  state: string;
  blocked?: { kind: string; nodeId?: string; [field: string]: unknown };
  [field: string]: any;
}

/** One rendering of a workflow's tree, as `getFrames` lists them, newest first. */
export interface Frame {
  runId: string;
  /** Counts from 1. */
  frameNo: number;
  createdAtMs: number;
  /** The tree as JSON text; see {@link FrameNode}. */
  xmlJson: string;
  xmlHash: string;
  /** JSON text: an array of `nodeId::iteration`. */
  mountedTaskIdsJson: string;
  /** JSON text: an array of `{nodeId, ordinal, iteration}`. */
  taskIndexJson: string;
  note: string | null;
  [field: string]: any;
}

/** A node of the tree in {@link Frame.xmlJson}. */
export type FrameNode =
  | { kind: "element"; tag: string; props: Record<string, string>; children: FrameNode[] }
  | { kind: "text"; text: string };

/** A row of `listRuns`, newest run first. */
export interface RunRow {
  runId: string;
  workflowName: string;
  /** Where the workflow's file is on the server's machine; what a resume needs. Every run that a server started has it. */
  workflowPath: string;
  status: RunStatusName;
  createdAtMs: number;
  startedAtMs: number | null;
  finishedAtMs: number | null;
  /** JSON text of the error, where the server kept one. */
  errorJson: string | null;
  configJson: string | null;
  [field: string]: any;
}

/** The answer to a call that starts, decides, resumes or cancels. Newer servers add fields, which are kept. */
export interface RunReference {
  runId: string;
  [field: string]: any;
}
