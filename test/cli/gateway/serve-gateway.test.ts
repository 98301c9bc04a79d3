import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Interrupted, type Child, type SpawnOptions } from "../../../src/cli/context.js";
import { runMain } from "../run-main.js";

/** A directory in which this version of Smithers and Bun look installed. */
function project(version: string, hasWorkflows = true): string {
  const directory = mkdtempSync(join(tmpdir(), "smithers-client-serve-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const put = (path: string, text: string) => {
    const file = join(directory, path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text, { mode: 0o755 });
  };
  put("node_modules/.bin/smithers", "");
  put("node_modules/smithers-orchestrator/package.json", JSON.stringify({ version }));
  put("node_modules/bun/package.json", JSON.stringify({ optionalDependencies: {} }));
  put("node_modules/bun/bin/bun", " ".repeat(1_000_001));
  if (hasWorkflows) mkdirSync(join(directory, ".smithers", "workflows"), { recursive: true });
  return directory;
}

/** Runs `serve --gateway` with a fake gateway that listens on this port, and ends it with Ctrl-C. */
async function serve(root: string, words: string[], port: number) {
  const controller = new AbortController();
  const started: { args: readonly string[]; cwd: string; token: string | undefined }[] = [];
  const killed: string[] = [];
  const spawn = (_: string, args: readonly string[], { cwd, env, onLine }: SpawnOptions): Child => {
    started.push({ args: args.slice(2), cwd, token: env["SMITHERS_API_KEY"] });
    let end: (code: number) => void = () => {};
    const ended = new Promise<number>((resolve) => (end = resolve));
    onLine(`[smithers] Gateway listening on http://127.0.0.1:${port}`);
    setTimeout(() => controller.abort(new Interrupted("SIGINT")), 50);
    const kill = (signal: string) => {
      killed.push(signal);
      end(0);
    };
    return { pid: 1, ended, kill };
  };
  const { signal } = controller;
  const argv = ["serve", "--gateway", "--root", root, ...words];
  const done = await runMain(argv, { baseUrl: "", env: { PATH: "" }, spawn, signal });
  return { ...done, started, killed };
}

test("serve --gateway starts a gateway for this machine only, prints its URL, and ends it at Ctrl-C", async () => {
  const root = project("0.32.0");
  const done = await serve(root, ["--port", "7555", "--api-key", "secret"], 7555);
  expect(done.exitCode).toBe(0);
  expect(done.started).toEqual([
    { args: ["gateway", "--host", "127.0.0.1", "--port", "7555"], cwd: root, token: "secret" },
  ]);
  expect(done.stderr).toContain(`serving ${root} on http://127.0.0.1:7555\n`);
  expect(done.stderr).toContain("Ctrl-C ends the gateway, and cancels the runs that it is executing\n");
  expect(done.stderr).not.toContain("secret");
  expect(done.killed).toEqual(["SIGTERM"]);
});

test("serve --gateway says if the gateway took another port", async () => {
  const { stderr } = await serve(project("0.32.0"), ["--port", "7555"], 41_000);
  expect(stderr).toContain("port 7555 is in use by another program, so the gateway took another one\n");
  expect(stderr).toContain("on http://127.0.0.1:41000\n");
});

test.each([
  [
    "there are no workflows",
    project.bind(undefined, "0.32.0", false),
    [],
    "there is no .smithers/workflows/ in",
  ],
  [
    "Smithers is too old",
    project.bind(undefined, "0.5.0", true),
    [],
    "needs Smithers 0.32 or newer; 0.5.0 is",
  ],
  [
    "a database is named",
    project.bind(undefined, "0.32.0", true),
    ["--db", "x.db"],
    "--db cannot be used with --gateway",
  ],
  [
    "none is wanted",
    project.bind(undefined, "0.32.0", true),
    ["--no-db"],
    "--no-db cannot be used with --gateway",
  ],
])("serve --gateway starts nothing if %s", async (_, make, words, problem) => {
  const done = await serve(make(), words, 7555);
  expect(done.exitCode).toBe(4);
  expect(done.stderr).toContain(problem);
  expect(done.started).toEqual([]);
});
