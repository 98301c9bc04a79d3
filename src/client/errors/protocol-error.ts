import { SmithersError } from "./smithers-error.js";

/** An answer that is not Smithers': HTML with a 200, an event that is not JSON, a message over the size limit. */
export class ProtocolError extends SmithersError {
  readonly code: string = "PROTOCOL_ERROR";
  /** On a stream: the number of the last event delivered before this, -1 where there was none. */
  readonly position: number | undefined;

  constructor(message: string, fields: { position?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: fields.cause });
    this.name = "ProtocolError";
    this.position = fields.position;
  }
}
