import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** Works in a new folder, which is removed afterwards. */
export async function inNewFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), "smithers-client-package-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Installs packages into a new project of ES modules, as a user would, except that none of their scripts runs. */
export async function installNew(folder, ...packages) {
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const flags = ["--ignore-scripts", "--engine-strict", "--no-audit", "--no-fund", "--no-update-notifier"];
  await execa("npm", ["install", ...flags, ...packages], { cwd: folder });
}

/** Builds and packs the package as it would be published; resolves to the tarball's path. */
async function pack(folder) {
  await execa("npm", ["run", "build"], { cwd: repository });
  const { stdout } = await execa(
    "npm",
    ["pack", "--ignore-scripts", "--json", "--pack-destination", folder],
    { cwd: repository },
  );
  return join(folder, JSON.parse(stdout)[0].filename);
}

/** A new, empty project of ES modules with the packed package in it, and nothing that a user would not get. */
export async function makeProject(folder, ...morePackages) {
  const tarball = await pack(folder);
  const project = join(folder, "project");
  await installNew(project, tarball, ...morePackages);
  return { project, tarball };
}

/** Prints rows of words as a Markdown table, the first row its head. */
export function printTable([head, ...rows]) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  console.log([line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n"));
}

/** What a check gives for the table: what it says itself, `passed`, or `FAILED` with the reason on stderr. */
export async function resultOf(check) {
  try {
    return (await check()) ?? "passed";
  } catch (error) {
    const said = String(error.stderr || error.stdout || error.message).trim();
    console.error(said.split("\n").slice(-12).join("\n"));
    process.exitCode = 1;
    return "FAILED";
  }
}
