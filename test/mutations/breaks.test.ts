import { existsSync } from "node:fs";
import { expect, test } from "vitest";

interface Break {
  rule: string;
  file: string;
  tests: string[];
}
const list = new URL("breaks.mjs", import.meta.url).href;
const { breaks, breakRule } = (await import(list)) as {
  breaks: Break[];
  breakRule: (each: Break) => { text: string };
};

test("each break of a rule still fits its file, and names tests that exist", () => {
  const problems = breaks.flatMap((each) => {
    const missing = each.tests.map((name) => name.split(" > ")[0] ?? "").filter((path) => !existsSync(path));
    try {
      breakRule(each);
    } catch (error) {
      missing.push(`${each.file}: ${(error as Error).message}`);
    }
    return missing;
  });
  expect(problems).toEqual([]);
  expect(breaks.length).toBeGreaterThan(250);
});
