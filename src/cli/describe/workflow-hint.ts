import type { HttpError } from "../../client/index.js";
import { isLoadError } from "./server-refusal.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** What to look at where a server could not load a workflow; undefined for other errors. */
export function workflowHint(error: HttpError, workflow: string): string | undefined {
  if (error.code !== "WORKFLOW_PATH_OUTSIDE_ROOT" && !isLoadError(error)) return undefined;
  return (
    `check that ${escapeControls(workflow)} is a workflow on the server's machine: ` +
    "its path is looked up there, from the server's root, not here"
  );
}
