import { SmithersError } from "./smithers-error.js";

/** Codes that this library gives by itself; a server's answer cannot claim one of them. */
export const ownHttpCodes = {
  redirectRefused: "REDIRECT_REFUSED",
  newerRoute: "NEWER_ROUTE",
  oneRunServer: "ONE_RUN_SERVER",
  gateway: "GATEWAY",
  needsGateway: "NEEDS_GATEWAY",
  runEnded: "RUN_ENDED",
  proxyAuthentication: "PROXY_AUTHENTICATION_REQUIRED",
} as const;

/** Whether a code means something of our own, so that an answer from outside must not carry it. */
export function isOwnHttpCode(code: string): boolean {
  return /^HTTP_\d/.test(code) || (Object.values(ownHttpCodes) as string[]).includes(code);
}

/** The server, or a proxy in front of it, answered with a status other than success. */
export class HttpError extends SmithersError {
  /**
   * The server's code, such as `RUN_NOT_FOUND`; `HTTP_<status>` if the answer carried none. The library adds
   * `REDIRECT_REFUSED`, and for a missing route the reason if it is known: `NEWER_ROUTE` (the server is too old),
   * `ONE_RUN_SERVER` (`smithers up --serve`; `details.runId` is its run), `GATEWAY` (one whose interface this library
   * does not speak) and `NEEDS_GATEWAY` (what was asked for only a Smithers gateway has; nothing was sent).
   * `RUN_ENDED` is a resume of a run that has ended, on a gateway.
   */
  readonly code: string;
  readonly status: number;
  /** What the server said; for a body that is not the server's JSON, the start of its text. */
  readonly serverMessage: string;
  /** What the server's error has beside its code and message: `details`, or the other fields as an object. */
  readonly details: unknown;
  readonly method: string;
  /** The request's path with its query, without the host. */
  readonly path: string;
  /** From `Retry-After`, if the server sent it. In ms. */
  readonly retryAfterMs: number | undefined;
  /** From `X-Smithers-API-Version`, which only a Smithers gateway sends. */
  readonly apiVersion: string | undefined;
  /** True if the call may have taken effect all the same: a proxy answered, or an earlier attempt lost its answer. */
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
