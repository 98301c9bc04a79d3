import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.js";
import { answer, RawServer } from "../faults/raw-server.js";
import { needs } from "../needs.js";
import { sharedServer } from "../shared-server.js";
import { Terminal } from "../terminal.js";
import { waitUntil } from "../wait-until.js";
import { binary, freshId } from "./run-cli.js";

const baseUrl = sharedServer.baseUrl;
const client = createClient({ baseUrl });

/**
 * A home directory with a stub of the program on its `PATH`, which answers completions and otherwise only records its
 * arguments; and the working directory of the shells.
 */
let home: string;
let work: string;
const environment = (server: string): Record<string, string> => ({
  HOME: home,
  PATH: `${join(home, "bin")}:${process.env["PATH"]}`,
  LANG: "C.UTF-8",
  PS1: "$ ",
  SMITHERS_BASE_URL: server,
});

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "smithers-completion-")));
  work = join(home, "work");
  await mkdir(join(home, "bin"));
  await mkdir(join(work, "flows"), { recursive: true });
  const program = `#!/bin/sh
case "$1" in __complete | completion) exec "${process.execPath}" "${binary}" "$@" ;; esac
printf '%s\\0' "$@" > "$HOME/words.new"
mv "$HOME/words.new" "$HOME/words"
`;
  await writeFile(join(home, "bin", "smithers-client"), program, { mode: 0o755 });
  await writeFile(join(work, "flows", "deploy.tsx"), "");
  await writeFile(join(work, "payload one.json"), "{}");
});
afterAll(() => rm(home, { recursive: true, force: true }));

const shells = {
  bash: {
    command: ["bash", "--norc", "--noprofile", "-i"],
    load: 'eval "$(smithers-client completion bash)"',
  },
  zsh: {
    command: ["zsh", "-f", "-i"],
    load: 'autoload -Uz compinit; compinit -u -D; eval "$(smithers-client completion zsh)"',
  },
  fish: { command: ["fish", "--no-config", "-i"], load: "smithers-client completion fish | source" },
};

for (const [shell, { command, load }] of Object.entries(shells))
  describe(`in ${shell}`, needs(shell), () => {
    let server: RawServer;
    let listed: string[] = [];
    let terminal: Terminal;

    beforeAll(async () => {
      server = await RawServer.start((_, socket) => {
        const row = {
          workflowName: "evil\u001b]0;title\u0007\n$(touch owned)",
          status: "failed",
          createdAtMs: 1000,
        };
        socket.write(
          answer(
            200,
            listed.map((runId) => ({ ...row, runId })),
          ),
        );
      });
      terminal = new Terminal(command, { env: environment(server.baseUrl), cwd: work });
      terminal.type(`${load}; echo load""ed`);
      terminal.press("Enter");
      await terminal.shows("loaded");
    });
    afterAll(async () => {
      await terminal.close();
      await server.close();
    });

    /** Types the line, in which \t is the Tab key, and returns the arguments that the program then receives. */
    async function wordsAfter(line: string): Promise<string[]> {
      await rm(join(home, "words"), { force: true });
      for (const [index, part] of line.split("\t").entries()) {
        if (index > 0) terminal.press("Tab");
        if (part !== "") terminal.type(part);
      }
      terminal.press("Enter");
      const words = await waitUntil(() => readFile(join(home, "words"), "utf8").catch(() => undefined));
      return words.split("\0").slice(0, -1);
    }

    test.each([
      ["a command", "resu\tx", ["resume", "x"]],
      ["a flag and its value", "ls --stat\twaiting-ap\t", ["ls", "--status", "waiting-approval"]],
      ["a value behind =", "watch --on-approval=ex\t", ["watch", "--on-approval=exit"]],
      ["a workflow's file", "run flows/d\t", ["run", "flows/deploy.tsx"]],
      ["a file behind @", "run x --input @pay\t", ["run", "x", "--input", "@payload one.json"]],
      ["a folder behind @", "run x --input @fl\td\t", ["run", "x", "--input", "@flows/deploy.tsx"]],
      ["@latest", "status @la\t", ["status", "@latest"]],
      ["nothing without a server", "--base-url http://127.0.0.1:1 status \t--json", ["status", "--json"]],
    ])("completes %s", async (_, line, expected) => {
      listed = [];
      const words = await wordsAfter(`smithers-client ${line}`);
      expect(words.slice(-expected.length)).toEqual(expected);
    });

    test("completes the open approvals of a real run", async () => {
      const runId = freshId("odd");
      await client.runWorkflow({ workflowPath: "odd-ids.tsx", input: {}, runId });
      const runStatus = async () => (await client.getStatus({ runId }).catch(() => undefined))?.status;
      await waitUntil(async () => (await runStatus()) === "waiting-approval");
      const line = `smithers-client --base-url ${baseUrl} approve ${runId.slice(0, -2)}\tgate:pr\t`;
      expect((await wordsAfter(line)).slice(2)).toEqual(["approve", runId, "gate:prod@v1"]);
    });

    test.each([
      ["c1-$(touch owned)", "c1"],
      ["c2-`touch owned`", "c2"],
      ["c3;touch owned;", "c3"],
      ["c4'\"touch owned", "c4"],
      ["c5 two  words\\", "c5"],
      ["c6:prod@v1=x", "c6:pr"],
      ["c6:prod@v1=x", "c6:prod@v"],
      ["c7&|<>()[]{}*?!#~^", "c7"],
      ["c8-größe-日本-🚀", "c8"],
      ["c9$HOME~!!", "c9"],
      ["c10 in quotes", "'c10 in"],
      ["c11 in quotes", '"c11 in'],
      ["=ls", ""],
      ["#sharp", ""],
    ])("completes the id %s so that the program receives it unchanged", async (runId, begun) => {
      // All ids but the first are never offered: they cannot be typed, or would be mistaken for something else.
      listed = [
        runId,
        "-rf",
        "~root",
        "--cancel-on-timeout",
        "x\u001b[2J",
        "x\ntouch owned",
        "x\ty",
        "x\u202ez",
        "",
      ];
      expect(await wordsAfter(`smithers-client status ${begun}\t`)).toEqual(["status", runId]);
      expect(await readdir(work)).toEqual(["flows", "payload one.json"]);
    });

    test.each([
      ["-rf", "-r"],
      ["--base-url=http://elsewhere", "--base-url=ht"],
      ["--base-url=http://elsewhere", ""],
    ])("completes the id %s only after --", async (runId, begun) => {
      listed = [runId];
      expect(await wordsAfter(`smithers-client status -- ${begun}\t`)).toEqual(["status", "--", runId]);
    });

    test("lists hostile ids and names without executing anything", async () => {
      listed = ["list-a$(touch owned)", "list-b`touch owned`"];
      terminal.press("C-l");
      terminal.type("smithers-client status list-");
      terminal.press("Tab", "Tab");
      const screen = await terminal.shows(/list-a.*touch\\? owned[^]*list-b.*touch\\? owned/);
      expect(screen).toContain("smithers-client status list");
      terminal.press("C-c");
      expect(await readdir(work)).toEqual(["flows", "payload one.json"]);
    });
  });
