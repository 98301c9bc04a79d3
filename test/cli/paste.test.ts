import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import { approvals } from "../../src/cli/commands/approvals.js";
import { commandLine } from "../../src/cli/args/command-line.js";
import { escapeControls } from "../../src/cli/terminal/escape-controls.js";

/** Ids that a server could send and that some shell or the parser would misinterpret. */
const hostile = [
  "plain-1",
  "gate:prod@v1",
  "",
  "--base-url=http://elsewhere",
  "-w",
  "--",
  "=ls",
  "a=~",
  "~",
  "~root",
  "a:~",
  "%self",
  "%1",
  "!!",
  "!-1",
  "a!b'!c",
  "^a^b",
  "#x",
  "*",
  "?",
  "[a-z]",
  "{a,b}",
  "{1..3}",
  "<->",
  "^(x)",
  "a b  c",
  " padded ",
  "$HOME",
  "$(touch owned)",
  "`touch owned`",
  "(touch owned)",
  ";touch owned;",
  "|touch owned",
  "&touch owned&",
  ">owned",
  "<owned",
  "\\",
  "\\\\",
  "a\\nb",
  "a\\'b\\",
  "'",
  "''",
  "it's",
  "'; touch owned; '",
  '"',
  '"$HOME"',
  "\\\"$(touch owned)\\'`touch owned`",
  "größe-日本-🚀",
];

/** Ids that cannot be typed: the program receives them as they are shown. */
const untypable = ["a\nb", "x\ntouch owned\n", "\u001b[2J", "a\tb", "\r", "\u202egate", "a\u2028b", "\u007f"];

// An interactive shell also expands its history.
const shells: [name: string, command: string, options: string[]][] = [
  ["sh", "sh", []],
  ["bash", "bash", ["--norc", "--noprofile"]],
  ["bash at a prompt", "bash", ["--norc", "--noprofile", "-i"]],
  ["zsh", "zsh", ["-f"]],
  ["zsh at a prompt", "zsh", ["-f", "-i"]],
  ["fish", "fish", ["--no-config"]],
  ["fish at a prompt", "fish", ["--no-config", "-i"]],
];
const isInstalled = (command: string) => spawnSync(command, ["-c", "exit"]).status === 0;

const home = mkdtempSync(join(tmpdir(), "smithers-paste-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
writeFileSync(join(home, "smithers-client"), `#!/bin/sh\nprintf '%s\\0' "$@" END\n`, { mode: 0o755 });

/** Has a shell read the lines, and returns the arguments that each call of the program received. */
async function paste(command: string, options: string[], lines: string[]): Promise<string[][]> {
  const file = join(home, "lines");
  writeFileSync(file, `${lines.join("\n")}\nexit\n`);
  // The file itself: fish does not read a script from the kind of pipe that Node creates.
  const script = (await open(file)).createReadStream();
  const { stdout } = await execa(command, options, {
    stdin: script,
    cwd: home,
    env: { HOME: home, PATH: `${home}${delimiter}${process.env["PATH"]}`, LC_ALL: "C.UTF-8", TERM: "dumb" },
    extendEnv: false,
    // Detached from the terminal that the tests run in: an interactive shell would take it over.
    detached: true,
    reject: false,
  });
  script.destroy();
  return stdout
    .split("END\0")
    .slice(0, -1)
    .map((words) => words.split("\0").slice(0, -1));
}

describe.each(shells)("a command line pasted into %s", (_, command, options) => {
  test.skipIf(!isInstalled(command))("calls the program with exactly the intended arguments", async () => {
    const ids = [...hostile, ...untypable];
    const lines = ids.map((id) =>
      commandLine(["approve", "--iteration", "2"], [id, id], "http://127.0.0.1:1/it's"),
    );
    const received = await paste(command, options, lines);
    const expected = ids.map(escapeControls).map((id) => {
      return ["--base-url", "http://127.0.0.1:1/it's", "approve", "--iteration", "2", "--", id, id];
    });
    expect(received).toEqual(expected);
    expect(readdirSync(home).filter((name) => name === "owned")).toEqual([]);
  });
});

describe("a recipe that passes on ids from a server", () => {
  const manual = readFileSync(new URL("../../docs/scripting.md", import.meta.url), "utf8");
  const script = readFileSync(new URL("../../examples/failed-nodes.sh", import.meta.url), "utf8");
  const recipes = [
    ...approvals.examples.filter((line) => line.includes("|")).map((line) => `smithers-client ${line}`),
    ...manual.split("\n").filter((line) => line.includes('"$run"')),
    ...script.split("\n").filter((line) => line.includes('"$run"')),
  ];

  test("is in the help, in the manual, and in an example", () => expect(recipes).toHaveLength(3));

  test.each(recipes)("puts the ids after --: %s", (recipe) => {
    expect(recipe).toMatch(/ -- ("\$\w+" ?)+/);
  });
});

test("a word that needs no quotes is not quoted", () => {
  expect(commandLine(["watch"], ["4f1c", "gate:prod@v1"])).toBe("smithers-client watch -- 4f1c gate:prod@v1");
  expect(commandLine(["ls"])).toBe("smithers-client ls");
});
