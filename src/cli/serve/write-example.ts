import { constants, copyFileSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Writes a workflow that needs no model into a directory, unless a file of that name exists.
 *
 * @param packageDirectory a directory of this package, at any depth
 * @returns whether it was written
 */
export function writeExample(directory: string, packageDirectory: string): boolean {
  const file = join(directory, "deploy.tsx");
  if (existsSync(file)) return false;
  copyFileSync(findExample(packageDirectory), file, constants.COPYFILE_EXCL);
  return true;
}

/** Finds the example that ships with this package. */
function findExample(directory: string): string {
  const file = join(directory, "examples", "deploy.tsx");
  if (existsSync(file)) return file;
  const parent = dirname(directory);
  if (parent === directory) throw new Error("the package has no examples/deploy.tsx");
  return findExample(parent);
}
