// `npm run test:mutations [-- <text>]` breaks one rule after another, in memory, and runs the tests that are about it: each
// break has to be noticed. `<text>` selects the breaks that have it in their file or rule.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";
import { breaks } from "./breaks.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [selected = ""] = process.argv.slice(2);
const chosen = breaks.filter(({ file, rule }) => file.includes(selected) || rule.includes(selected));

/** The file that is broken now, and its text. */
let broken;
const serveBroken = {
  name: "serve-broken-file",
  enforce: "pre",
  load: (id) => (id === broken?.path ? broken.text : null),
};
/** Nothing of the failures that we ask for is shown, and the first one is enough. */
let stopAtFailure = true;
const silent = {
  onTestCaseResult(test) {
    if (stopAtFailure && test.result().state === "failed") void vitest.cancelCurrentRun("test-failure");
  },
};
const vitest = await createVitest(
  "test",
  { config: fileURLToPath(new URL("vitest.config.ts", import.meta.url)), watch: false, reporters: [silent] },
  { plugins: [serveBroken] },
);

/** Runs these tests, each a file or `file > pattern of names`; gives the name of each that failed. */
async function failedTests(tests) {
  const patterns = new Map();
  for (const [file, pattern = ""] of tests.map((test) => test.split(" > "))) {
    patterns.set(root + file, [...(patterns.get(root + file) ?? []), pattern]);
  }
  const paths = [...patterns.keys()];
  const specifications = [...patterns].map(([path, names]) =>
    vitest.projects[0].createSpecification(path, { testNamePattern: new RegExp(`^(?:${names.join("|")})`) }),
  );
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  // Those of earlier runs are among them.
  const modules = testModules.filter(({ moduleId }) => paths.includes(moduleId));
  const failed = modules.flatMap((module) => [
    ...(module.ok() ? [] : module.errors().map(({ message }) => `${module.relativeModuleId}: ${message}`)),
    ...[...module.children.allTests("failed")].map((test) => test.fullName),
  ]);
  return [...failed, ...unhandledErrors.map(String)];
}

/** Matches a text however the formatter breaks its lines. */
function patternFor(text) {
  const words = text.trim().split(/\s+/);
  return new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+"), "g");
}

/** Breaks a rule and runs its tests; gives what has to be put right, if anything. */
async function tryBreak({ file, from, to, tests }) {
  const path = root + file;
  const source = readFileSync(path, "utf8");
  const pattern = patternFor(from);
  const places = source.match(pattern)?.length ?? 0;
  if (places !== 1) return `${places} places with: ${from}`;
  broken = { path, text: source.replace(pattern, () => to) };
  vitest.invalidateFile(path);
  try {
    if ((await failedTests(tests)).length === 0) return "no test noticed it";
  } finally {
    broken = undefined;
    vitest.invalidateFile(path);
  }
}

let failed = 0;
function report(problem, what) {
  if (problem !== undefined) failed++;
  console.log(problem === undefined ? `noticed  ${what}` : `FAILED   ${what}\n           ${problem}`);
}

try {
  // A test that fails by itself would notice anything.
  stopAtFailure = false;
  const failing = await failedTests([...new Set(chosen.flatMap(({ tests }) => tests))]);
  stopAtFailure = true;
  if (failing.length > 0) throw new Error(`tests fail with nothing broken:\n  ${failing.join("\n  ")}`);
  for (const each of chosen) report(await tryBreak(each), `${each.file}: ${each.rule}`);
  console.log(`\n${chosen.length - failed} passed, ${failed} failed`);
} catch (error) {
  console.error(error);
  failed++;
} finally {
  await vitest.close();
}
process.exitCode = failed === 0 ? 0 : 1;
