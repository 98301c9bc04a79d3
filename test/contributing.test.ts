import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const repository = fileURLToPath(new URL("..", import.meta.url));
const text = await readFile(join(repository, "CONTRIBUTING.md"), "utf8");

test("CONTRIBUTING names every folder of the sources, and no other", async () => {
  for (const parent of ["src/cli", "src/client"]) {
    const entries = await readdir(join(repository, parent), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${name}/`);
    const [, listing = ""] = new RegExp(`^${parent}/.*\\n((?:  .*\\n)+)`, "m").exec(text) ?? [];
    const listed = [...listing.matchAll(/^ {2}(\S+\/) /gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(folders.sort());
  }
});

test("each stop of its two walks is a function in that file, and they are counted right", async () => {
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
