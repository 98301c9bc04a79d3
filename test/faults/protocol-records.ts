import type { IncomingMessage } from "node:http";
import type { Call } from "./protocol-answers.js";

/** What the server does with one request in place of its duty. `taken`: it does the work and loses the answer. */
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
  /** When it came, by `performance.now()`. */
  atMs: number;
}

/** A decision as the server recorded it. */
export interface RecordedDecision {
  runId: string;
  nodeId: string;
  iteration: number;
  decision: "approve" | "deny";
  /** `client` for what came over the wire without a `decidedBy`. */
  by: string;
  /** By `performance.now()`. */
  atMs: number;
  /** What the approval was at that moment; undefined where nothing had asked for it. */
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
