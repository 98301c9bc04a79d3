import type { RunStateName, RunStatus } from "./events.js";

/** The result of `getStatus`. Fields that newer servers add are kept. */
export type Run = {
  runId: string;
  workflowName: string;
  status: RunStatus;
  /** Milliseconds since 1970, by the server's clock; `null` before the start. */
  startedAtMs: number | null;
  /** `null` until the run has ended. A resumed run keeps the time of its previous end until it ends again. */
  finishedAtMs: number | null;
  /** How many nodes are in each state, such as `{ finished: 3, pending: 2 }`. */
  summary: Record<string, number>;
  /** From 0.32 on: the server's own assessment, including what blocks the run. */
  runState?: RunState | undefined;
  [field: string]: unknown;
};

/** `runState` of a 0.32 server's status. */
export type RunState = {
  /**
   * Same as the status, with two exceptions. A finished run is `succeeded`. A run whose status is still `running`,
   * although its engine has sent no heartbeat for 30 s, is `stale` if the engine's process is or may be alive, and
   * `orphaned` if it is gone. An orphaned run continues after a resume, which restarts what was executing.
   */
  state: RunStateName;
  /** What a stopped run waits for. */
  blocked?: BlockedRun | undefined;
  /** What is wrong, such as `{kind: "timer-overdue", wakeAt, overdueMs}` or `{kind: "engine-heartbeat-stale"}`. */
  unhealthy?: { kind: string; [field: string]: unknown };
  /** When the server computed this, as ISO 8601. */
  computedAt?: string;
  [field: string]: unknown;
};

/**
 * What a stopped run waits for, distinguished by `kind`. A server that `startServer` started, 0.5.0 or 0.32.0,
 * continues none of these runs by itself; each needs a resume. Newer servers may send other kinds.
 *
 * Source: the server's own type; all but `provider`, `tool` and `external-trigger` were seen in real runs.
 */
export type BlockedRun =
  /** An open approval; `requestedAt` is ISO 8601. */
  | { kind: "approval"; nodeId: string; requestedAt: string }
  /** A decided approval; only the resume is missing. */
  | { kind: "approval-decided-resume-required"; nodeId: string }
  /**
   * A signal, identified by the correlation id or, if the node has none, its name. Stays the same after the signal has
   * arrived.
   */
  | { kind: "event"; nodeId: string; correlationKey: string }
  /** A timer; `wakeAt` is ISO 8601. Stays the same after that time. */
  | { kind: "timer"; nodeId: string; wakeAt: string }
  /** An agent's quota; `resetAtMs`, if known, is in milliseconds since 1970. */
  | { kind: "quota"; quotaBlockedCount: number; resetAtMs?: number }
  | { kind: "external-trigger" }
  | { kind: "provider"; nodeId: string; code: "rate-limit" | "auth" | "timeout" }
  | { kind: "tool"; nodeId: string; toolName: string; code: string }
  | { kind: string; [field: string]: unknown };

/** One rendering of a workflow's tree, as listed by `getFrames`, newest first. */
export type Frame = {
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
  [field: string]: unknown;
};

/** A node of the tree in {@link Frame.xmlJson}. */
export type FrameNode =
  | { kind: "element"; tag: string; props: Record<string, string>; children: FrameNode[] }
  | { kind: "text"; text: string };

/** A row of `listRuns`, newest run first. */
export type RunRow = {
  runId: string;
  workflowName: string;
  /**
   * Path of the workflow's file on the server's machine, which a resume needs. Every run that a server started has it.
   */
  workflowPath: string;
  status: RunStatus;
  createdAtMs: number;
  startedAtMs: number | null;
  finishedAtMs: number | null;
  /** JSON text of the error, if the server kept one. */
  errorJson: string | null;
  configJson: string | null;
  [field: string]: unknown;
};

/** A row of `listApprovals`: an open approval. Fields that newer servers add are kept. */
export type ApprovalRow = {
  runId: string;
  nodeId: string;
  iteration: number;
  workflowName: string;
  /**
   * The run's status: `waiting-approval`, another `waiting-…` status that came after the approval, or `running`. `null`
   * on a Smithers gateway.
   */
  runStatus: RunStatus | null;
  /** The workflow's title for the approval; the node's id if it has none. */
  requestTitle: string;
  requestSummary: string | null;
  /** Milliseconds since 1970, by the server's clock. */
  requestedAtMs: number | null;
  waitingMs: number;
  /**
   * From a Smithers gateway: what the approval asks for: `gate` (yes or no), `select` (one option), `rank` (an order of
   * the options), …
   */
  approvalMode?: string | undefined;
  /** From a Smithers gateway: the options of a `select` or `rank`. */
  options?: ApprovalOption[] | undefined;
  [field: string]: unknown;
};

/** An option of an approval that asks for a choice. */
export type ApprovalOption = {
  /** The name of the option in a decision's `selected` and `ranked`. */
  key: string;
  [field: string]: unknown;
};

/** The response to `signal`. */
export type SignalReceipt = {
  runId: string;
  signalName: string;
  correlationId: string | null;
  /** The signal's number in the run, counted from 0. */
  seq: number;
  receivedAtMs: number;
  [field: string]: unknown;
};

/** The response to a call that starts, decides, resumes or cancels. Fields that newer servers add are kept. */
export type RunReference = {
  runId: string;
  [field: string]: unknown;
};

/** The result of `getOutput`. */
export type NodeOutput = {
  /** `produced` if there is an output; otherwise why there is none, such as `pending`. */
  status: string;
  /** What the node produced; `null` if it produced nothing. */
  row: Record<string, unknown> | null;
  /** The schema that the workflow declares for the row, such as `{ fields: [{ name, type, optional, nullable }] }`. */
  schema: Record<string, unknown> | null;
  [field: string]: unknown;
};

/** A row of `listWorkflows`. */
export type WorkflowRow = {
  /** What to pass to start a run: the name of the workflow's file without `.tsx`. */
  key: string;
  [field: string]: unknown;
};
