// Installs what a version's package.json here names, unless it is there: a Smithers server and Bun. `npm install` in the
// repository leaves them out, since only the demo, the tests and the benchmark need them.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { argv, env, exit, platform } from "node:process";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

/** The version that the tests and the demo use; it is installed beside its package.json. */
export const usualVersion = "0.5.0";

/**
 * Installs a version, once.
 *
 * @returns the directory whose `node_modules` has it
 */
export function installServer(version = usualVersion) {
  const directory = directoryOf(version);
  const recipe = join(here, version, "package.json");
  const { dependencies } = readJson(recipe);
  const isInstalled = (name) => findPackage(directory, name)?.version === dependencies[name];
  if (["smithers-orchestrator", "bun"].every(isInstalled)) {
    return findPackage(directory, "smithers-orchestrator").directory;
  }
  console.error(`installing Smithers ${version} and Bun in ${directory} (once)`);
  if (version !== usualVersion) {
    mkdirSync(directory, { recursive: true });
    copyFileSync(recipe, join(directory, "package.json"));
  }
  const words = [version === usualVersion ? "ci" : "install", "--no-audit", "--no-fund"];
  // npm is a script on Windows, which takes a shell.
  const shell = platform === "win32";
  const { status } = spawnSync("npm", words, {
    cwd: directory,
    stdio: ["ignore", "ignore", "inherit"],
    shell,
  });
  if (status === 0) return directory;
  throw new Error(
    `Smithers ${version} could not be installed: npm ended with ${status}. With a network, run again: npm ${words[0]} --prefix ${directory}`,
  );
}

function directoryOf(version) {
  if (version === usualVersion) return join(here, version);
  return join(env.SMITHERS_SERVERS || join(tmpdir(), "smithers-client-servers"), version);
}

/** The package that a program in the directory would find, if any: its version, and the directory it is installed in. */
function findPackage(directory, name) {
  const searched = createRequire(join(directory, "index.js")).resolve.paths(name) ?? [];
  const modules = searched.find((each) => existsSync(join(each, name, "package.json")));
  if (modules === undefined) return undefined;
  return { version: readJson(join(modules, name, "package.json")).version, directory: dirname(modules) };
}

function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  try {
    installServer(argv[2]);
  } catch (error) {
    console.error(`error: ${error.message}`);
    exit(1);
  }
}
