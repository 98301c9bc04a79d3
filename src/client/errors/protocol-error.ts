import { SmithersError } from "./smithers-error.js";

/**
 * The answer is not one that a Smithers server sends: HTML with a 200, an event that is not JSON, a message over the
 * size limit.
 */
export class ProtocolError extends SmithersError {
  readonly code: string = "PROTOCOL_ERROR";
  /** On a stream: the number of the last event delivered before the error; -1 if there was none. */
  readonly position: number | undefined;
  /** Whether the call may have taken effect on the server although its answer was unusable. */
  readonly mayHaveBeenApplied: boolean;

  constructor(
    message: string,
    fields: {
      position?: number | undefined;
      cause?: unknown;
      mayHaveBeenApplied?: boolean | undefined;
    } = {},
  ) {
    super(message, { cause: fields.cause });
    this.name = "ProtocolError";
    this.position = fields.position;
    this.mayHaveBeenApplied = fields.mayHaveBeenApplied ?? false;
  }
}
