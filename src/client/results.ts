import type { RunStateName, RunStatus } from "./events.js";

/** The result of `getStatus`. Newer servers add fields, which are kept. */
export type Run = {
  runId: string;
  workflowName: string;
  status: RunStatus;
  /** Milliseconds since 1970, by the server's clock; `null` before the start. */
  startedAtMs: number | null;
  /** `null` until the run has ended; a resumed run keeps the time of its earlier end until the next one. */
  finishedAtMs: number | null;
  /** How many nodes are in each state, such as `{ finished: 3, pending: 2 }`. */
  summary: Record<string, number>;
  /** From 0.32 on: the server's own judgement, with what blocks the run. */
  runState?: RunState | undefined;
  [field: string]: unknown;
};

/** `runState` of a 0.32 server's status. */
export type RunState = {
  /**
   * As the status, but for `succeeded`, and for a run whose status is still `running` although its engine was not heard
   * of for 30 s: `stale` while the engine's process lives or may live, `orphaned` if it is gone. An orphaned run goes
   * on after a resume, which starts again what was under way.
   */
  state: RunStateName;
  /** What a run that has stopped waits for. */
  blocked?: BlockedRun | undefined;
  /** What is wrong, such as `{kind: "timer-overdue", wakeAt, overdueMs}` or `{kind: "engine-heartbeat-stale"}`. */
  unhealthy?: { kind: string; [field: string]: unknown };
  /** The server's clock when it said so, as ISO 8601. */
  computedAt?: string;
  [field: string]: unknown;
};

/**
 * What a run that has stopped waits for, told apart by `kind`. A server that `startServer` started, 0.5.0 or 0.32.0,
 * moves none of them by itself: each continues after a resume. Newer servers may send others.
 *
 * Source: the server's own type of them; all but `provider`, `tool` and `external-trigger` seen in real runs.
 */
export type BlockedRun =
  /** An open approval; `requestedAt` is ISO 8601. */
  | { kind: "approval"; nodeId: string; requestedAt: string }
  /** A decided approval: only the resume is missing. */
  | { kind: "approval-decided-resume-required"; nodeId: string }
  /** A signal, named by the correlation id or, if the node has none, its name. It stays the same after the signal has come. */
  | { kind: "event"; nodeId: string; correlationKey: string }
  /** A timer; `wakeAt` is ISO 8601. It says the same after that time. */
  | { kind: "timer"; nodeId: string; wakeAt: string }
  /** An agent's quota; `resetAtMs`, if it is known, is in milliseconds since 1970. */
  | { kind: "quota"; quotaBlockedCount: number; resetAtMs?: number }
  | { kind: "external-trigger" }
  | { kind: "provider"; nodeId: string; code: "rate-limit" | "auth" | "timeout" }
  | { kind: "tool"; nodeId: string; toolName: string; code: string }
  | { kind: string; [field: string]: unknown };

/** One rendering of a workflow's tree, as `getFrames` lists them, newest first. */
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
  /** Where the workflow's file is on the server's machine; what a resume needs. Every run that a server started has it. */
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

/** A row of `listApprovals`: an approval that nobody has decided. Newer servers add fields, which are kept. */
export type ApprovalRow = {
  runId: string;
  nodeId: string;
  iteration: number;
  workflowName: string;
  /** The run's; `waiting-approval`, or another of its waits that came after the approval, or `running`. */
  runStatus: RunStatus | null;
  /** The workflow's title for the approval; the node's id if it has none. */
  requestTitle: string;
  requestSummary: string | null;
  /** Milliseconds since 1970, by the server's clock. */
  requestedAtMs: number | null;
  waitingMs: number;
  /** From a Smithers gateway: what the approval asks for: `gate` (yes or no), `select` (one option), `rank` (their order), … */
  approvalMode?: string | undefined;
  /** From a Smithers gateway: the options of a `select` or `rank`. */
  options?: ApprovalOption[] | undefined;
  [field: string]: unknown;
};

/** An option of an approval that asks for a choice. */
export type ApprovalOption = {
  /** What `selected` and `ranked` of a decision name it by. */
  key: string;
  [field: string]: unknown;
};

/** The answer to `signal`. */
export type SignalReceipt = {
  runId: string;
  signalName: string;
  correlationId: string | null;
  /** Counts the run's signals from 0. */
  seq: number;
  receivedAtMs: number;
  [field: string]: unknown;
};

/** The answer to a call that starts, decides, resumes or cancels. Newer servers add fields, which are kept. */
export type RunReference = {
  runId: string;
  [field: string]: unknown;
};

/** The result of `getOutput`. */
export type NodeOutput = {
  /** `produced` if there is an output; otherwise why there is none, such as `pending`. */
  status: string;
  /** What the node produced; `null` if it has not. */
  row: Record<string, unknown> | null;
  /** What the workflow declares about the row, such as `{ fields: [{ name, type, optional, nullable }] }`. */
  schema: Record<string, unknown> | null;
  [field: string]: unknown;
};

/** A row of `listWorkflows`. */
export type WorkflowRow = {
  /** What a run is started by: the name of the workflow's file without `.tsx`. */
  key: string;
  [field: string]: unknown;
};
