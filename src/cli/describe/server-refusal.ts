import { HttpError } from "../../client/index.js";

/**
 * Whether a 500 of the server refuses the request instead of saying that the server is broken: for a workflow file that
 * it does not have or cannot load, and for a decision about a node that does not wait for one. Only the message says which.
 */
export function isRefusal(error: unknown): error is HttpError {
  if (!(error instanceof HttpError) || error.status !== 500 || error.method !== "POST") return false;
  return isLoadError(error) || (isDecision(error.path) && saysNotWaiting.test(error.serverMessage));
}

/** Whether the server could not load the workflow file that it was asked to run. */
export function isLoadError(error: HttpError): boolean {
  const { code, path, status, serverMessage } = error;
  if (status !== 500 || code !== "SERVER_ERROR" || path !== "/v1/runs" || serverMessage === "") return false;
  return saysLoading.test(serverMessage) || !saysBroken.test(serverMessage);
}

function isDecision(path: string): boolean {
  return /\/nodes\/.+\/(approve|deny)$/.test(path);
}

const saysNotWaiting = /^Node .* is not waiting for approval/;

/** 0.32 names the step in front of the loader's message; 0.5.0 gives that message alone. */
const saysLoading = /^(load workflow module: |Cannot find (module|package) |Workflow must export default)/;

/**
 * 0.5.0 compiles the file, so its message may be any that a compiler or the file itself has. What else that request does
 * is to use the database.
 */
const saysBroken =
  /SQLITE_|SQL logic|database (is locked|disk image|or disk is full|schema)|(open|closed|readonly) database|disk I\/O|no such (table|column)|out of memory|\bE(NOSPC|MFILE|NFILE|IO|ROFS)\b/i;
