import { SmithersError } from "./smithers-error.js";

/**
 * The server could not be reached, or the connection broke and could not be restored. `cause` is what the network
 * reported.
 */
export class ConnectionError extends SmithersError {
  readonly code: string = "CONNECTION_FAILED";
  readonly method: string;
  readonly path: string;
  /** The network's error code, such as `ECONNREFUSED`, if there is one. */
  readonly networkCode: string | undefined;
  /**
   * Whether something may have changed on the server. False for a read, and if the request was certainly never sent.
   */
  readonly mayHaveBeenApplied: boolean;
  /** On a stream: the number of the last delivered event, to pass as `afterSeq`; -1 if there was none. */
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
