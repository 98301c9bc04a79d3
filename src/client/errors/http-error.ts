import { SmithersError } from "./smithers-error.js";

/** Codes that only this library sets; a server's answer cannot use them. */
export const ownHttpCodes = {
  redirectRefused: "REDIRECT_REFUSED",
  newerRoute: "NEWER_ROUTE",
  oneRunServer: "ONE_RUN_SERVER",
  gateway: "GATEWAY",
  needsGateway: "NEEDS_GATEWAY",
  runEnded: "RUN_ENDED",
  proxyAuthentication: "PROXY_AUTHENTICATION_REQUIRED",
} as const;

/** Whether a code is reserved for this library, so that a server's answer must not use it. */
export function isOwnHttpCode(code: string): boolean {
  return /^HTTP_\d/.test(code) || (Object.values(ownHttpCodes) as string[]).includes(code);
}

/** The server, or a proxy in front of it, answered with an unsuccessful status. */
export class HttpError extends SmithersError {
  /**
   * The server's code, such as `RUN_NOT_FOUND`; `HTTP_<status>` if the answer had none. The library adds
   * `REDIRECT_REFUSED`, and for a missing route the reason, if known: `NEWER_ROUTE` (the server is too old),
   * `ONE_RUN_SERVER` (`smithers up --serve`; `details.runId` is its run), `GATEWAY` (a gateway whose API this library
   * does not support) and `NEEDS_GATEWAY` (only a Smithers gateway supports the call; nothing was sent). `RUN_ENDED`
   * means that a gateway refused to resume a run that has ended.
   */
  readonly code: string;
  readonly status: number;
  /** The server's message; if the body is not the server's JSON, the start of its text. */
  readonly serverMessage: string;
  /** What the server's error contains besides its code and message: `details`, or the other fields as an object. */
  readonly details: unknown;
  readonly method: string;
  /** The request's path with its query, without the host. */
  readonly path: string;
  /** From `Retry-After`, if the server sent it. In ms. */
  readonly retryAfterMs: number | undefined;
  /** From `X-Smithers-API-Version`, which only a Smithers gateway sends. */
  readonly apiVersion: string | undefined;
  /** Whether the call may have taken effect anyway: a proxy answered, or an earlier attempt lost its answer. */
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
      apiVersion?: string | undefined;
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
    this.apiVersion = fields.apiVersion;
    this.mayHaveBeenApplied = fields.mayHaveBeenApplied ?? false;
  }
}

/** Whether an error means that the server has no such route, rather than no such run. */
export function isRouteMissing(error: unknown): error is HttpError & { status: 404; code: "NOT_FOUND" } {
  if (!(error instanceof HttpError) || error.status !== 404) return false;
  return error.code === "NOT_FOUND" && error.serverMessage === "Route not found";
}
