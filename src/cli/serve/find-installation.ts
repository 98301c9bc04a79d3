import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";

/** What is needed to run a server. */
export interface Installation {
  /** The file behind `smithers-orchestrator/server`, if found. */
  entry: string | undefined;
  /** The Bun executable, if found. */
  bun: string | undefined;
  /** The `smithers` program, if found. */
  smithers: string | undefined;
}

/**
 * Looks for Smithers and Bun in the `node_modules` of each directory and its parents, in order. Looks for the programs
 * on the `PATH` after that.
 */
export function findInstallation(directories: readonly string[], path = ""): Installation {
  return {
    entry: firstOf(directories, (directory) => resolveFrom(directory, "smithers-orchestrator/server")),
    bun: firstOf(directories, installedBun) ?? firstOf(path.split(delimiter), bunIn),
    smithers: firstOf(directories, installedSmithers) ?? firstOf(path.split(delimiter), smithersIn),
  };
}

function firstOf<Item, Found>(
  items: readonly Item[],
  find: (item: Item) => Found | undefined,
): Found | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function resolveFrom(directory: string, specifier: string): string | undefined {
  try {
    return createRequire(join(directory, "index.js")).resolve(specifier);
  } catch {
    return undefined;
  }
}

/** Finds the executable of the npm package `bun`, even if the package's install script was not allowed to run. */
function installedBun(directory: string): string | undefined {
  const manifest = resolveFrom(directory, "bun/package.json");
  if (manifest === undefined) return undefined;
  const { optionalDependencies = {} } = JSON.parse(readFileSync(manifest, "utf8")) as {
    optionalDependencies?: Record<string, string>;
  };
  const native = firstOf(Object.keys(optionalDependencies), (name) => {
    const found = resolveFrom(dirname(manifest), `${name}/package.json`);
    return found === undefined ? undefined : bunIn(join(dirname(found), "bin"));
  });
  return native ?? bunIn(join(dirname(manifest), "bin"));
}

/** Returns the nearest directory, from this one upwards, for which `holds` returns true. */
export function nearest(directory: string, holds: (directory: string) => boolean): string | undefined {
  if (holds(directory)) return directory;
  const parent = dirname(directory);
  return parent === directory ? undefined : nearest(parent, holds);
}

function installedSmithers(directory: string): string | undefined {
  const bin = (folder: string) => join(folder, "node_modules", ".bin");
  const found = nearest(directory, (folder) => smithersIn(bin(folder)) !== undefined);
  return found === undefined ? undefined : smithersIn(bin(found));
}

function smithersIn(directory: string): string | undefined {
  const file = join(directory, "smithers");
  return directory !== "" && existsSync(file) ? file : undefined;
}

function bunIn(directory: string): string | undefined {
  if (directory === "") return undefined;
  return firstOf(["bun", "bun.exe"], (name) => {
    const file = join(directory, name);
    try {
      accessSync(file, constants.X_OK);
      // Before its install script has run, the package contains a small text file instead of the executable.
      return statSync(file).isFile() && statSync(file).size > 1_000_000 ? file : undefined;
    } catch {
      return undefined;
    }
  });
}
