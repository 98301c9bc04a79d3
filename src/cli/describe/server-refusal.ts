import { HttpError } from "../../client/index.js";

/**
 * Whether a 500 refuses the request, instead of meaning that the server is broken. Servers also send a 500 for a
 * workflow file that they do not have or cannot load, and for a decision about a node that does not wait for one. Only
 * the message tells the difference.
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

/** 0.32 names the step before the loader's message; 0.5.0 sends only the loader's message. */
const saysLoading = /^(load workflow module: |Cannot find (module|package) |Workflow must export default)/;

/**
 * 0.5.0 compiles the file, so its message may be anything that a compiler or the file itself reports. The only other
 * thing that the request does is use the database.
 */
const saysBroken =
  /SQLITE_|SQL logic|database (is locked|disk image|or disk is full|schema)|(open|closed|readonly) database|disk I\/O|no such (table|column)|out of memory|\bE(NOSPC|MFILE|NFILE|IO|ROFS)\b/i;
