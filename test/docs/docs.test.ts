import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.js";
import { exitCodeHelp } from "../../src/cli/exit-codes.js";
import * as library from "../../src/client/index.js";
import { binary, cleanEnvironment, cli } from "../cli/run-cli.js";
import { needs } from "../needs.js";
import { makeServerRoot, startRealServer, type RealServer } from "../real-server.js";
import { anchorsOf, localLinks, readPage, toExamples, toPattern } from "./page.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(repository, "docs");
const files = (await readdir(folder)).filter((name) => name.endsWith(".md"));
const pages = [join(repository, "README.md"), ...files.map((name) => join(folder, name))];

let server: RealServer;
/** The directory in which the commands run: the root of the server. */
let root: string;
/** The directory with `smithers-client`. */
let programs: string;

beforeAll(async () => {
  root = await makeServerRoot();
  await copyFile(join(repository, "examples", "deploy.tsx"), join(root, "deploy.tsx"));
  server = await startRealServer({ root });
  programs = await mkdtemp(join(tmpdir(), "smithers-docs-"));
  const program = join(programs, "smithers-client");
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${binary}' "$@"\n`);
  await chmod(program, 0o755);
  // A program there can import the package by its name.
  await mkdir(join(programs, "node_modules"));
  await symlink(repository, join(programs, "node_modules", "smithers-client"));
});

afterAll(async () => {
  await server.stop();
  for (const each of [programs, root]) await rm(each, { recursive: true, force: true });
});

const environment = () =>
  cleanEnvironment(server.baseUrl, { PATH: [programs, process.env["PATH"]].join(delimiter) });

/** Runs the commands in order in one shell, so that variables persist. Returns what each printed. */
async function runCommands(commands: readonly string[]): Promise<string[]> {
  const separator = "\u001e";
  // `$?` is the status of the previous command.
  const steps = commands.map((command) => `(exit $code)\n${command}\ncode=$?\nprintf '${separator}'`);
  const { all } = await execa("bash", ["-c", ["code=0", ...steps].join("\n")], {
    cwd: root,
    env: environment(),
    extendEnv: false,
    all: true,
    reject: false,
    stdin: "ignore",
  });
  return all.split(separator);
}

test("docs/library.md has a heading for each exported function", async () => {
  const { text } = await readPage(join(folder, "library.md"));
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading).join(" ");
  for (const [name, value] of Object.entries(library)) {
    // Errors are listed in a table.
    const isError = typeof value === "function" && value.prototype instanceof Error;
    expect(isError ? text : headings, name).toMatch(new RegExp(`\\b${name}\\b`));
  }
});

test("README names every command, and docs/scripting.md every exit code and variable", async () => {
  const { text: readme } = await readPage(join(repository, "README.md"));
  const { text: scripting } = await readPage(join(folder, "scripting.md"));
  for (const { syntax } of commands) expect(readme).toContain(`| \`${syntax.split(" ")[0]}`);
  for (const [codes] of exitCodeHelp) expect(scripting).toContain(`| ${codes} `);
  const { stdout: help } = await cli(["help", "environment"]);
  for (const variable of help.match(/\b(SMITHERS|NO|FORCE)_[A-Z_]+/g) ?? [])
    expect(scripting).toContain(variable);
});

describe.concurrent.each(pages.map((page) => [relative(repository, page), page] as const))(
  "%s",
  async (name, page) => {
    const { text, blocks } = await readPage(page);
    const run = blocks.filter(({ notRun }) => notRun === undefined);
    const shell = run.filter(({ language }) => language === "sh" || language === "console");
    const program = run.filter(({ language }) => language === "js");

    test("has no broken links", async () => {
      for (const link of localLinks(text)) {
        const [path = "", anchor] = link.split("#");
        const target = path === "" ? page : join(dirname(page), path);
        expect(await stat(target).catch(() => undefined), link).toBeDefined();
        if (anchor !== undefined)
          expect([...anchorsOf((await readPage(target)).text)], link).toContain(anchor);
      }
    });

    test("marks its shell blocks with a language that is run", () => {
      for (const { language, line } of blocks)
        expect(["bash", "shell", "zsh", ""], `line ${line}`).not.toContain(language);
    });

    if (shell.length > 0) {
      const programsNeeded = ["jq"].filter((each) => shell.some((block) => block.text.includes(each)));
      test(
        "shows what its commands really print",
        { timeout: 180_000, ...needs(...programsNeeded) },
        async () => {
          const examples = shell.flatMap(toExamples);
          const printed = await runCommands(examples.map(({ command }) => command));
          for (const [at, { line, command, output }] of examples.entries()) {
            if (output.length > 0) expect(printed[at], `line ${line}: ${command}`).toMatch(toPattern(output));
          }
        },
      );
    }

    if (program.length > 0) {
      test("has programs that run", { timeout: 120_000 }, async () => {
        const file = join(programs, `${name.replaceAll("/", "-")}.mjs`);
        await writeFile(file, program.map((block) => block.text).join("\n"));
        await execa(process.execPath, [file], { cwd: root, env: environment(), extendEnv: false });
      });
    }
  },
);
