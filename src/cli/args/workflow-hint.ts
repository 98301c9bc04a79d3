import { basename, isAbsolute, relative, resolve } from "node:path";
import { statSync } from "node:fs";
import type { HttpError, RunRow } from "../../client/index.js";
import type { Session } from "../command.js";
import { isLoadError } from "../describe/server-refusal.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { resolvePath } from "./resolve-path.js";

/** How many of the newest runs to search for the server's root and workflows. */
const recentRuns = 100;

/** Returns what to check if a server could not load a workflow; `undefined` for other errors. */
export async function workflowHint(
  error: HttpError,
  workflow: string,
  session: Session,
): Promise<string | undefined> {
  if (isUnknownKey(error))
    return "a gateway knows a workflow by its key: the name of its file in .smithers/workflows/, without .tsx";
  if (error.status === 404 && error.message.includes("never recorded it"))
    return "check the input and the server's log";
  if (error.code !== "WORKFLOW_PATH_OUTSIDE_ROOT" && !isLoadError(error)) return undefined;
  const { cleanupClient, context } = session;
  const rows = await cleanupClient.listRuns<RunRow>({ limit: recentRuns }).catch(() => []);
  const other = otherPath(workflow, rows, context);
  if (other !== undefined) {
    const [path, root] = [other.path, other.root].map((each) => escapeControls(each));
    return `name it ${path}: a workflow's path is looked up on the server, from its root, which is ${root}`;
  }
  return (
    `check that ${escapeControls(workflow)} is a workflow on the server's machine: ` +
    "its path is looked up there, from the server's root, not here"
  );
}

/** Whether a gateway has no workflow with this key. The error then lists the keys that it has. */
function isUnknownKey({ status, details }: HttpError): boolean {
  return status === 404 && Array.isArray((details as { workflows?: unknown } | undefined)?.workflows);
}

/**
 * Returns the path from the server's root to the file that was probably meant: the one on this machine, or one with the
 * same name that the server has run.
 */
function otherPath(
  workflow: string,
  rows: readonly RunRow[],
  context: Pick<Session["context"], "cwd">,
): { path: string; root: string } | undefined {
  const here = isAbsolute(workflow) || context.cwd !== undefined ? [resolvePath(workflow, context)] : [];
  const root = rows.map(rootOf).find((each) => each !== undefined);
  if (root === undefined) return undefined;
  const run = rows.map(({ workflowPath }) => workflowPath).filter((path) => typeof path === "string");
  const known = run.filter((path) => basename(path) === basename(workflow));
  const path = [...here.filter(isFile), ...known]
    .map((file) => relative(root, file))
    .find(
      (each) =>
        !/^\.\.([/\\]|$)/.test(each) && !isAbsolute(each) && each !== relative(root, resolve(root, workflow)),
    );
  return path === undefined ? undefined : { path, root };
}

/** Returns the root of the server that started a run, which is in the run's configuration. */
function rootOf({ configJson }: RunRow): string | undefined {
  try {
    const { rootDir } = JSON.parse(configJson ?? "") as { rootDir?: unknown };
    return typeof rootDir === "string" && isAbsolute(rootDir) ? rootDir : undefined;
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
