import { SmithersError } from "./smithers-error.js";

/** Every attempt took longer than `timeoutMs`. */
export class TimeoutError extends SmithersError {
  readonly code: string = "TIMEOUT";
  readonly timeoutMs: number;
  readonly method: string;
  readonly path: string;
  readonly mayHaveBeenApplied: boolean;

  constructor(fields: { timeoutMs: number; method: string; path: string; mayHaveBeenApplied: boolean }) {
    super(
      `no complete answer within ${fields.timeoutMs / 1000} s (${fields.method} ${fields.path})` +
        (fields.mayHaveBeenApplied ? "; the call may have been applied anyway" : ""),
    );
    this.name = "TimeoutError";
    this.timeoutMs = fields.timeoutMs;
    this.method = fields.method;
    this.path = fields.path;
    this.mayHaveBeenApplied = fields.mayHaveBeenApplied;
  }
}
