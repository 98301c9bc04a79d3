// `npm run test:types`: a program of a user type-checks against the packed library, whichever way TypeScript resolves it.
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { inNewFolder, makeProject, printTable, repository, resultOf } from "./packed.mjs";

const compilers = ["5.5", "latest"];
const resolutions = [
  { moduleResolution: "node16", module: "node16" },
  { moduleResolution: "nodenext", module: "nodenext" },
  { moduleResolution: "bundler", module: "esnext" },
];

const rows = await inNewFolder(async (folder) => {
  const packages = compilers.map((version) => `typescript-${version}@npm:typescript@${version}`);
  const { project } = await makeProject(folder, "@types/node@20", ...packages);
  await copyFile(join(repository, "test", "package", "consumer.ts"), join(project, "consumer.ts"));
  const checked = [];
  for (const version of compilers) {
    const compiler = join(project, "node_modules", `typescript-${version}`, "bin", "tsc");
    const tsc = (...args) => execa(process.execPath, [compiler, ...args], { cwd: project });
    const [, number] = /(\d+\.\d+\.\d+)/.exec((await tsc("--version")).stdout);
    for (const resolution of resolutions) {
      const flags = Object.entries({ ...resolution, target: "es2022", lib: "es2023", types: "node" }).flatMap(
        ([flag, value]) => [`--${flag}`, value],
      );
      // Without --skipLibCheck, so that the declarations themselves are checked too.
      const strict = ["--noEmit", "--strict", "--exactOptionalPropertyTypes"];
      const result = await resultOf(async () => {
        await tsc(...strict, ...flags, "consumer.ts");
      });
      checked.push([number, resolution.moduleResolution, result]);
    }
  }
  return checked;
});
printTable([["TypeScript", "moduleResolution", "result"], ...rows]);
