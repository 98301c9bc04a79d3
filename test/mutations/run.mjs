// `npm run test:mutations [-- <text>]` breaks one rule after another by hand, in a copy of the project, and runs the tests
// that are about it: each break has to be noticed. `<text>` selects the breaks with it in their file or rule.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { breaks } from "./breaks.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [selected = ""] = process.argv.slice(2);
const chosen = breaks.filter(({ file, rule }) => file.includes(selected) || rule.includes(selected));

const copy = mkdtempSync(join(tmpdir(), "smithers-client-mutations-"));
for (const name of ["src", "test", "package.json", "tsconfig.json", "vitest.config.ts"]) {
  cpSync(join(root, name), join(copy, name), { recursive: true });
}
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));

/** Matches a text however the formatter breaks its lines. */
function patternFor(text) {
  const words = text.trim().split(/\s+/);
  return new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+"), "g");
}

/** Whether the tests about a rule fail. */
function isNoticed({ tests }) {
  const words = ["node_modules/vitest/vitest.mjs", "run", "--bail=1", "--reporter=dot", ...tests];
  const { status } = spawnSync(process.execPath, words, { cwd: copy, stdio: "ignore", timeout: 300_000 });
  return status !== 0;
}

let noticed = 0;
const unnoticed = [];
try {
  for (const each of chosen) {
    const path = join(copy, each.file);
    const source = readFileSync(path, "utf8");
    const pattern = patternFor(each.from);
    const places = source.match(pattern)?.length ?? 0;
    if (places !== 1) throw new Error(`${each.file} has ${places} places with: ${each.from}`);
    writeFileSync(
      path,
      source.replace(pattern, () => each.to),
    );
    const found = isNoticed(each);
    writeFileSync(path, source);
    if (found) noticed++;
    else unnoticed.push(each);
    console.log(`${found ? "noticed    " : "NOT NOTICED"}  ${each.file}: ${each.rule}`);
  }
} finally {
  rmSync(copy, { recursive: true });
}
console.log(`\n${chosen.length} rules broken, ${noticed} noticed, ${unnoticed.length} not`);
process.exitCode = unnoticed.length === 0 ? 0 : 1;
