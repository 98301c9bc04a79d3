import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const files = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(root, folder, name));

/** What a file imports, with relative paths resolved to files of the project. */
function importsOf(file: string): string[] {
  const source = readFileSync(file, "utf8");
  return [...source.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, name = ""]) =>
    name.startsWith(".") ? relative(root, resolve(dirname(file), name)).replace(/\.js$/, ".ts") : name,
  );
}

describe("imports go one way", () => {
  test.each(files("src/client").map((file) => relative(root, file)))(
    "%s knows nothing of the command line",
    (file) => {
      const imports = importsOf(join(root, file));
      expect(imports.filter((name) => name.startsWith("src/cli/"))).toEqual([]);
      // The library runs where there is no terminal, no process and no Node.
      expect(
        imports.filter((name) => !name.startsWith("src/client") && name !== "eventsource-parser"),
      ).toEqual([]);
    },
  );

  test.each(files("src/cli").map((file) => relative(root, file)))(
    "%s enters the library by its door",
    (file) => {
      const inside = importsOf(join(root, file)).filter((name) => name.startsWith("src/client"));
      expect(inside.filter((name) => name !== "src/client/index.ts")).toEqual([]);
    },
  );

  test("process and console are for bin alone", () => {
    // The local server is a program of its own, which Bun runs in another process.
    const ours = [...files("src/client"), ...files("src/cli")].filter(
      (file) => !file.endsWith("server-process.ts"),
    );
    const users = ours.filter((file) =>
      /(?<![.\w"'`/-])(process|console)\./.test(
        readFileSync(file, "utf8").replace(/\/\*[^]*?\*\/|\/\/.*|`[^`]*`/g, ""),
      ),
    );
    expect(users.map((file) => relative(root, file))).toEqual([]);
  });
});
