import { statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { UsageError } from "../usage-error.js";
import type { Context } from "../context.js";

/**
 * Converts a typed path to an absolute one.
 *
 * @throws {UsageError} for a relative path if the working directory was deleted
 */
export function resolvePath(path: string, { cwd }: Pick<Context, "cwd">): string {
  if (isAbsolute(path)) return resolve(path);
  if (cwd !== undefined) return resolve(cwd, path);
  throw new UsageError("the working directory has been deleted", {
    code: "NO_WORKING_DIRECTORY",
    hint: "cd to a directory that exists, or pass an absolute path",
  });
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
