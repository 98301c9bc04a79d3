import type { Reporter, TestCase, TestModule } from "vitest/node";
import type {} from "./needs.js";

/** Prints at the end of a run, in one line, which tests were skipped because a program is missing. */
export default class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const line = skippedLine(modules.flatMap((module) => [...module.children.allTests("skipped")]));
    if (line !== undefined) console.log(`${line}\n`);
  }
}

/** Such as `Skipped, since zsh is not installed: test/cli/completion.test.ts > in zsh (24 tests)`. */
export function skippedLine(
  tests: readonly Pick<TestCase, "name" | "parent" | "module" | "meta">[],
): string | undefined {
  const missing = new Set<string>();
  const skipped = new Map<string, number>();
  for (const test of tests) {
    const { name, parent, module } = test;
    const lacks = test.meta().missing ?? [];
    if (lacks.length === 0) continue;
    for (const program of lacks) missing.add(program);
    const where = parent.type === "suite" ? parent.fullName : name;
    const key = `${module.relativeModuleId} > ${where}`;
    skipped.set(key, (skipped.get(key) ?? 0) + 1);
  }
  if (skipped.size === 0) return undefined;
  const programs = [...missing];
  const verb = programs.length === 1 ? "is" : "are";
  const which = [...skipped].map(([name, count]) => (count === 1 ? name : `${name} (${count} tests)`));
  return `Skipped, since ${programs.join(", ")} ${verb} not installed: ${which.join("; ")}`;
}
