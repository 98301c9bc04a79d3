import { expect, test } from "vitest";
import { needs } from "./needs.js";
import { skippedLine } from "./skipped-reporter.js";

type Skipped = Parameters<typeof skippedLine>[0][number];

function skipped(name: string, fullName: string | undefined, missing: string[] | undefined): Skipped {
  const parent = fullName === undefined ? { type: "module" } : { type: "suite", fullName };
  return { name, parent, module: { relativeModuleId: "x.test.ts" }, meta: () => ({ missing }) } as Skipped;
}

test("one line names the skipped tests and the missing programs", () => {
  expect(skippedLine([skipped("a", undefined, undefined)])).toBeUndefined();
  expect(
    skippedLine([
      skipped("a", "in zsh", ["zsh"]),
      skipped("b", "in zsh", ["zsh"]),
      skipped("alone", undefined, ["jq"]),
      skipped("for another reason", undefined, []),
    ]),
  ).toBe("Skipped, since zsh, jq are not installed: x.test.ts > in zsh (2 tests); x.test.ts > alone");
});

test("a test that needs a program is skipped only if it is missing", () => {
  expect(needs("sh")).toEqual({ skip: false, meta: { missing: [] } });
  const nowhere = "no-such-program";
  if (process.env["SMITHERS_REQUIRE_ALL"] === "1") expect(() => needs(nowhere)).toThrow(nowhere);
  else expect(needs("sh", nowhere)).toEqual({ skip: true, meta: { missing: [nowhere] } });
});
