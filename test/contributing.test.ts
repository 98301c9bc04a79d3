import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const repository = fileURLToPath(new URL("..", import.meta.url));
const text = await readFile(join(repository, "CONTRIBUTING.md"), "utf8");

test("CONTRIBUTING lists every source folder and no other", async () => {
  for (const parent of ["src/cli", "src/client"]) {
    const entries = await readdir(join(repository, parent), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${name}/`);
    const [, listing = ""] = new RegExp(`^${parent}/.*\\n((?:  .*\\n)+)`, "m").exec(text) ?? [];
    const listed = [...listing.matchAll(/^ {2}(\S+\/) /gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(folders.sort());
  }
});

test("CONTRIBUTING's two walks name functions in existing files and count their stops correctly", async () => {
  const walks = text.split(/^\*\*A /m).slice(1);
  expect(walks).toHaveLength(2);
  for (const walk of walks) {
    const stops = [...walk.matchAll(/^(\d+)\. `([^`]+)` `(\w+)`/gm)];
    expect(stops.length).toBe(Number(/, (\d+) stops:/.exec(walk)?.[1]));
    for (const [, , file = "", name = ""] of stops)
      expect(await readFile(join(repository, file), "utf8"), `${name} in ${file}`).toMatch(
        new RegExp(`\\b${name}[<(:]`),
      );
  }
});
