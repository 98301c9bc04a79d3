// `npm run test:package`: what would be published is what a user expects of a package.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { inNewFolder, makeProject, printTable, repository, resultOf } from "./packed.mjs";

async function run(name, ...args) {
  await execa(name, args, { cwd: repository, preferLocal: true });
}

const rows = await inNewFolder(async (folder) => {
  const { project, tarball } = await makeProject(folder);
  const checks = {
    publint: () => run("publint", tarball, "--strict"),
    "are the types wrong": () => run("attw", tarball, "--profile", "esm-only"),
    "no install scripts": async () => {
      const { packages } = JSON.parse(await readFile(join(project, "package-lock.json"), "utf8"));
      const running = Object.keys(packages).filter((name) => packages[name].hasInstallScript);
      if (running.length > 0) throw new Error(`an install would run scripts of ${running.join(", ")}`);
    },
    "npm audit --omit=dev": async () => {
      const { stdout, exitCode } = await execa("npm", ["audit", "--omit=dev", "--json"], {
        cwd: project,
        reject: false,
      });
      if (JSON.parse(stdout).statusCode === 405) return "not checked: this registry has no audit";
      if (exitCode !== 0) throw new Error(stdout);
    },
  };
  const checked = [];
  for (const [name, check] of Object.entries(checks)) checked.push([name, await resultOf(check)]);
  return checked;
});
printTable([["check", "result"], ...rows]);
