import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

declare module "vitest" {
  export interface TaskMeta {
    /** The programs that the test needs and this machine lacks. */
    missing?: string[];
  }
}

/**
 * Returns options for a test that needs programs that npm cannot install: it is skipped if one is missing, and a line
 * at the end of the run says so. With `SMITHERS_REQUIRE_ALL=1`, as in CI, it fails instead.
 */
export function needs(...programs: string[]): { skip: boolean; meta: { missing: string[] } } {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length > 0 && process.env["SMITHERS_REQUIRE_ALL"] === "1")
    throw new Error(`not installed: ${missing.join(", ")}`);
  return { skip: missing.length > 0, meta: { missing } };
}

function isInstalled(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
