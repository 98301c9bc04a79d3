// `npm run test:mutations [-- <text>]` breaks one rule after another, in memory, and runs the tests that are about it: each
// break has to be noticed. `<text>` selects the breaks that have it in their file or rule.
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";
import { breaks, breakRule, root } from "./breaks.mjs";

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

/**
 * Runs these tests, each a file or `file > pattern of names`; gives the name of each that failed, and why files could not
 * be loaded.
 */
async function runTests(tests) {
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
  const failed = modules.flatMap((module) => [...module.children.allTests("failed")]);
  return {
    failed: [...failed.map((test) => test.fullName), ...unhandledErrors.map(String)],
    unloaded: modules.flatMap((module) => module.errors().map(({ message }) => message)),
  };
}

/** Breaks a rule and runs its tests; gives what has to be put right, if anything. */
async function tryBreak({ tests, ...rule }) {
  try {
    broken = breakRule(rule);
  } catch (error) {
    return error.message;
  }
  const { path } = broken;
  vitest.invalidateFile(path);
  try {
    const { failed, unloaded } = await runTests(tests);
    // That is no test's merit.
    if (unloaded.length > 0) return `the broken file cannot be loaded: ${unloaded[0]}`;
    if (failed.length === 0) return "no test noticed it";
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
  const { failed: failing, unloaded } = await runTests([...new Set(chosen.flatMap(({ tests }) => tests))]);
  stopAtFailure = true;
  const wrong = [...failing, ...unloaded];
  if (wrong.length > 0) throw new Error(`tests fail with nothing broken:\n  ${wrong.join("\n  ")}`);
  for (const each of chosen) report(await tryBreak(each), `${each.file}: ${each.rule}`);
  console.log(`\n${chosen.length - failed} passed, ${failed} failed`);
} catch (error) {
  console.error(error);
  failed++;
} finally {
  await vitest.close();
}
process.exitCode = failed === 0 ? 0 : 1;
