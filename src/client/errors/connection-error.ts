import { SmithersError } from "./smithers-error.js";

/** The server could not be reached, or the connection broke and could not be healed; `cause` has what the network said. */
export class ConnectionError extends SmithersError {
  readonly code: string = "CONNECTION_FAILED";
  readonly method: string;
  readonly path: string;
  /** The network's own code, such as `ECONNREFUSED`, if there is one. */
  readonly networkCode: string | undefined;
  /** False if the request surely never left, so that nothing can have changed on the server. */
  readonly mayHaveBeenApplied: boolean;
  /** On a stream: the number of the last event delivered, for `afterSeq`; -1 if there was none. */
  readonly position: number | undefined;

  constructor(
    message: string,
    fields: {
      method: string;
      path: string;
      networkCode?: string | undefined;
      mayHaveBeenApplied: boolean;
      position?: number | undefined;
      cause?: unknown;
    },
  ) {
    super(message, { cause: fields.cause });
    this.name = "ConnectionError";
    this.method = fields.method;
    this.path = fields.path;
    this.networkCode = fields.networkCode;
    this.mayHaveBeenApplied = fields.mayHaveBeenApplied;
    this.position = fields.position;
  }
}
