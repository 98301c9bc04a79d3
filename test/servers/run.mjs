/*
 * npm run test:servers -- 0.5.0 0.32.0 gateway
 *
 * Installs each version named, once, starts it for real and runs the end-to-end suite against it; then prints the table
 * of what works with which; `gateway` is `smithers gateway` of 0.32.0. SMITHERS_SERVERS names the directory that keeps
 * installations of other versions than that of the tests; 0.32.0 takes 800 MB.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installServer } from "./install.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const repository = join(here, "..", "..");
/** What comes with a version. */
const versionOf = { gateway: "0.32.0" };
const known = [
  ...readdirSync(here).filter((name) => existsSync(join(here, name, "package.json"))),
  ...Object.keys(versionOf),
];
const asked = process.argv.slice(2);
const unknown = asked.filter((version) => !known.includes(version));
if (asked.length === 0 || unknown.length > 0) {
  console.error(
    `there is a recipe for ${known.join(" and ")}, none for ${unknown.join(" ") || "no version"}`,
  );
  process.exit(4);
}
const scratch = mkdtempSync(join(tmpdir(), "smithers-client-report-"));

function run(command, words, options) {
  const { status } = spawnSync(command, words, { stdio: "inherit", ...options });
  return status === 0;
}

/** How each part of the suite went: by its name, how many tests passed and how many there are. */
function test(version) {
  const outputFile = join(scratch, `${version}.json`);
  const vitest = join(repository, "node_modules", "vitest", "vitest.mjs");
  const words = [
    vitest,
    "run",
    "--config",
    join(here, "vitest.config.ts"),
    "--reporter=default",
    "--reporter=json",
  ];
  const env = {
    ...process.env,
    SMITHERS_TEST_VERSION: version,
    SMITHERS_TEST_INSTALLATION: installServer(versionOf[version] ?? version),
  };
  const passed = run(process.execPath, [...words, `--outputFile.json=${outputFile}`], {
    cwd: repository,
    env,
  });
  const parts = new Map();
  for (const { assertionResults } of JSON.parse(readFileSync(outputFile, "utf8")).testResults) {
    for (const { ancestorTitles, status } of assertionResults) {
      const part = parts.get(ancestorTitles[0]) ?? { passed: 0, all: 0 };
      parts.set(ancestorTitles[0], {
        passed: part.passed + (status === "passed" ? 1 : 0),
        all: part.all + 1,
      });
    }
  }
  return { version, parts, passed: passed && parts.size > 0 };
}

const results = asked.map(test);
rmSync(scratch, { recursive: true });

const names = [...new Set(results.flatMap(({ parts }) => [...parts.keys()]))];
const cell = (part) =>
  part === undefined ? "–" : part.passed === part.all ? "✓" : `${part.passed} of ${part.all}`;
const rows = [
  ["", ...results.map(({ version }) => version)],
  ["---", ...results.map(() => "---")],
  ...names.map((name) => [name, ...results.map(({ parts }) => cell(parts.get(name)))]),
];
console.log(`\n${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}\n`);
for (const row of rows) console.log(`| ${row.join(" | ")} |`);
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
