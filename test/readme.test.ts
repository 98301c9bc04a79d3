import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, inject, test } from "vitest";
import { cleanEnvironment, cli } from "./cli/run-cli.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = await readFile(join(root, "README.md"), "utf8");

test("the program in it runs against a real server", async () => {
  const [, program = ""] = /```js\n([^]*?)```/.exec(readme) ?? [];
  const folder = await mkdtemp(join(tmpdir(), "smithers-readme-"));
  try {
    const file = join(folder, "program.mjs");
    const library = new URL("../dist/client/index.js", import.meta.url).href;
    await writeFile(
      file,
      program.replace('"smithers-client"', JSON.stringify(library)).replace("./deploy.tsx", "./gate.tsx"),
    );
    const { stdout } = await execa(process.execPath, [file], {
      env: cleanEnvironment(inject("baseUrl")),
      extendEnv: false,
    });
    expect(stdout.split("\n")).toEqual([
      "Task build started (attempt 1)",
      "Task gate started (attempt 1)",
      "Task ship started (attempt 1)",
      "Deployment complete.",
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("it names every command, exit code and variable that the help names", async () => {
  const { stdout: help } = await cli(["--help"]);
  const [, commands = ""] = /## Commands\n\n```\n([^]*?)```/.exec(readme) ?? [];
  const named = [...commands.matchAll(/^(\w+)/gm)].map(([word]) => word);
  const listed = [...help.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, word]) => word);
  expect(listed.filter((word) => word !== "help")).toEqual(named);
  for (const variable of help.match(/\b(SMITHERS|NO|FORCE)_[A-Z_]+/g) ?? [])
    expect(readme).toContain(variable);
});
