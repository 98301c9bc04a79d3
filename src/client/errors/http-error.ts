import { SmithersError } from "./smithers-error.js";

/** The server, or a proxy in front of it, answered with a status that is not success. */
export class HttpError extends SmithersError {
  /**
   * The server's code, such as `RUN_NOT_FOUND`; `HTTP_<status>` where the answer carried none. Of our own are
   * `REDIRECT_REFUSED`, and for a 404 because the server has no such route, where it is known why: `NEWER_ROUTE` (it is
   * too old), `ONE_RUN_SERVER` (`smithers up --serve`, for the run in `details.runId`) and `GATEWAY`.
   */
  readonly code: string;
  readonly status: number;
  /** What the server said; for a body that is not the server's JSON, the start of its text. */
  readonly serverMessage: string;
  readonly details: unknown;
  readonly method: string;
  /** The request's path with its query, without the host. */
  readonly path: string;
  /** From `Retry-After`, where the server sent one. */
  readonly retryAfterMs: number | undefined;
  /** True where the call was sent more than once or its answer was lost before: it may have taken effect. */
  readonly mayHaveBeenApplied: boolean;

  constructor(
    fields: {
      status: number;
      code?: string | undefined;
      serverMessage: string;
      details?: unknown;
      method: string;
      path: string;
      retryAfterMs?: number | undefined;
      mayHaveBeenApplied?: boolean;
    },
    note = "",
  ) {
    const code = fields.code ?? `HTTP_${fields.status}`;
    const said = fields.serverMessage === "" ? "" : `: ${fields.serverMessage}`;
    const named = fields.code === undefined ? "" : ` ${fields.code}`;
    super(`HTTP ${fields.status}${named}${said} (${fields.method} ${fields.path})${note}`);
    this.name = "HttpError";
    this.code = code;
    this.status = fields.status;
    this.serverMessage = fields.serverMessage;
    this.details = fields.details;
    this.method = fields.method;
    this.path = fields.path;
    this.retryAfterMs = fields.retryAfterMs;
    this.mayHaveBeenApplied = fields.mayHaveBeenApplied ?? false;
  }
}
