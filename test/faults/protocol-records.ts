import type { IncomingMessage } from "node:http";
import type { Call } from "./protocol-answers.js";

/** What the server does with a request instead of serving it. `taken`: it does the work and loses the response. */
export type Misbehaviour =
  | { kind: "answer"; status: number; body?: unknown; headers?: Record<string, string> }
  | { kind: "reset"; taken: boolean }
  | { kind: "hang"; taken: boolean };

/** A request that the server saw. */
export interface SeenCall {
  call: Call;
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingMessage["headers"];
  body: unknown;
  /** When it arrived, by `performance.now()`. */
  atMs: number;
}

/** A decision as the server recorded it. */
export interface RecordedDecision {
  runId: string;
  nodeId: string;
  iteration: number;
  decision: "approve" | "deny";
  /** `client` if it came over the wire without a `decidedBy`. */
  by: string;
  /** By `performance.now()`. */
  atMs: number;
  /** The state of the approval at that moment; `undefined` if it was never requested. */
  before: "open" | "approve" | "deny" | undefined;
}

/** A resume as the server recorded it. */
export interface RecordedResume {
  runId: string;
  by: string;
  atMs: number;
  /** The run's status at that moment. */
  status: string;
  /** How many decisions waited for it. */
  unapplied: number;
}
