import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fetch } from "../../src/client/index.js";
import { protocolServer } from "../faults/in-test.js";
import { sharedServer } from "../shared-server.js";
import { binary, cleanEnvironment, cli, freshId } from "./run-cli.js";
import { runMain } from "./run-main.js";

describe("a workflow that the server cannot load", () => {
  const baseUrl = sharedServer.baseUrl;

  test.each([
    ["is not there", "nothere.tsx", /Cannot find module '.*nothere\.tsx'/],
    ["does not compile", "broken.tsx", /"name" has already been declared/],
  ])("because it %s exits with 4 and the server's reason", async (_, workflow, reason) => {
    for (const args of [
      ["run", workflow],
      ["run", workflow, "-w"],
      ["resume", freshId("none"), workflow],
    ]) {
      const result = await cli(args, { baseUrl });
      expect(result).toMatchObject({ stdout: "", exitCode: 4 });
      expect(result.stderr).toMatch(reason);
      expect(result.stderr).toMatch(/^next: .*a workflow on the server's machine/m);
    }
  });

  /** Runs a workflow that the server cannot find, on a server with these runs. Returns the hint that is printed. */
  async function hintFor(workflow: string, { cwd, runs }: { cwd: string | undefined; runs: object[] }) {
    const fetch: Fetch = async (_, { method }) =>
      method === "GET"
        ? Response.json(runs.map((run) => ({ runId: "r", status: "finished", ...run })))
        : Response.json(
            { error: { code: "SERVER_ERROR", message: "Cannot find module 'x'" } },
            { status: 500 },
          );
    const { stderr, exitCode } = await runMain(["run", workflow], { baseUrl, cwd, fetch });
    expect(exitCode).toBe(4);
    return /^next: +(.*)$/m.exec(stderr)?.[1];
  }

  describe("is suggested by its path on the server", () => {
    let root: string;
    let below: string;
    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), "smithers-root-"));
      below = join(root, "flows");
      await mkdir(below);
      await writeFile(join(below, "deploy.tsx"), "");
      await writeFile(join(root, "deploy.tsx"), "");
    });
    afterAll(() => rm(root, { recursive: true, force: true }));

    const known = (rootDir: string, workflowPath = "") => [
      { configJson: "{", workflowPath: null },
      { configJson: JSON.stringify({ rootDir }), workflowPath },
    ];

    test.each(["./deploy.tsx", "deploy.tsx"])(
      "for %s, which exists in the working directory",
      async (workflow) => {
        const hint = await hintFor(workflow, { cwd: below, runs: known(root) });
        expect(hint).toBe(
          `name it flows/deploy.tsx: a workflow's path is looked up on the server, from its root, which is ${root}`,
        );
      },
    );

    test("for the name of a workflow that the server has run", async () => {
      const runs = known("/srv/app", "/srv/app/flows/nightly.tsx");
      expect(await hintFor("nightly.tsx", { cwd: undefined, runs })).toMatch(
        /^name it flows\/nightly\.tsx: /,
      );
    });

    test.each([
      ["no root is known", "./deploy.tsx", () => []],
      ["it is the same path", "deploy.tsx", () => known(below)],
      ["it is outside the root", "./deploy.tsx", () => known(join(root, "elsewhere"))],
      ["it is a folder", ".", () => known(root)],
      ["it is not here", "nothere.tsx", () => known(root)],
    ])("but not if %s", async (_, workflow, runs) => {
      expect(await hintFor(workflow, { cwd: below, runs: runs() })).toMatch(
        /^check that .* on the server's machine/,
      );
    });

    test("once a real server has run a workflow", async () => {
      const serverRoot = sharedServer.root;
      const folder = join(serverRoot, freshId("flows"));
      await mkdir(folder);
      await writeFile(join(folder, "own.tsx"), "");
      expect((await cli(["run", "quick.tsx", "-w"])).exitCode).toBe(0);
      const { stderr } = await cli(["run", "own.tsx"], { cwd: folder });
      expect(stderr).toContain(`name it ${basename(folder)}/own.tsx: `);
    });
  });

  const seen: [string, number][] = [
    // From 0.5.0.
    ["Workflow must export default", 4],
    ["boom at load", 4],
    ["Cannot find package 'nopackage' imported from /srv/nopkg.tsx", 4],
    ["undefined is not an object (evaluating 'db.$client')", 4],
    // From 0.32.0.
    ["load workflow module: ENOENT: no such file or directory, open '/srv/x.tsx' See https://smithers.sh", 4],
    ["load workflow module: EISDIR: illegal operation on a directory, read See https://smithers.sh", 4],
    ['load workflow module: "name" has already been declared See https://smithers.sh', 4],
    ["SqlMessageStorage requires a Bun SQLite client.", 4],
    ["database is locked", 5],
    ["disk I/O error", 5],
    ["no such table: _smithers_runs", 5],
    ["attempt to write a readonly database", 5],
    ["SQLITE_BUSY: busy", 5],
    ["", 5],
  ];
  test.each(seen)("is recognized by the message: %j exits with %d", async (message, code) => {
    const server = await protocolServer();
    server.addRun("r", { status: "failed" });
    const refusal = {
      kind: "answer",
      status: 500,
      body: { error: { code: "SERVER_ERROR", message } },
    } as const;
    server.misbehave("runWorkflow", refusal);
    server.misbehave("resume", refusal);
    for (const args of [
      ["run", "x.tsx"],
      ["resume", "r", "x.tsx"],
    ]) {
      const result = await runMain(args, { baseUrl: server.baseUrl });
      expect(result.exitCode).toBe(code);
      expect(result.stderr).toContain(message);
    }
  });

  test("is not assumed for a proxy's page with HTTP 500", async () => {
    const server = await protocolServer();
    server.misbehave("runWorkflow", { kind: "answer", status: 500, body: "<h1>Internal error</h1>" });
    expect((await runMain(["run", "x.tsx"], { baseUrl: server.baseUrl })).exitCode).toBe(5);
  });
});

describe("in a working directory that has been deleted", () => {
  const gone = { baseUrl: sharedServer.baseUrl, cwd: undefined };

  test("a command that needs no path works", async () => {
    const folder = await mkdtemp(join(tmpdir(), "smithers-client-gone-"));
    const script = 'cd "$1" && rmdir "$1" && shift && exec "$@"';
    const words = [script, "sh", folder, process.execPath, binary, "ls", "-q", "--limit", "1"];
    const env = cleanEnvironment(gone.baseUrl);
    const { exitCode, stderr } = await execa("sh", ["-c", ...words], {
      env,
      extendEnv: false,
      reject: false,
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  });

  test.each([
    [["run", "quick.tsx", "--input", "@x.json"]],
    [["watch", "x", "--junit", "x.xml"]],
    [["serve"]],
    [["serve", "--root", "/", "--db", "x.db"]],
  ])("%j is refused with an explanation", async (args) => {
    const { exitCode, stderr } = await runMain(args, gone);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/^error: the working directory has been deleted\nnext: .*absolute path\n$/);
  });

  test("an absolute path works", async () => {
    const { stderr } = await runMain(["run", "quick.tsx", "--input", "@/nothere.json"], gone);
    expect(stderr).toContain("cannot read /nothere.json: ENOENT");
  });
});

test("a decision about a node that no longer waits for approval exits with 4, not 5", async () => {
  const server = await protocolServer();
  server.addRun("r", { status: "waiting-approval" });
  const gate = { runId: "r", nodeId: "gate", iteration: 0, timestampMs: 1 };
  server.publish("r", { type: "RunStarted", runId: "r", timestampMs: 1 });
  server.publish("r", { type: "NodeWaitingApproval", ...gate });
  server.publish("r", { type: "RunStatusChanged", runId: "r", status: "waiting-approval", timestampMs: 1 });
  const message = "Node gate is not waiting for approval. See https://smithers.sh/reference/errors";
  server.misbehave("approve", {
    kind: "answer",
    status: 500,
    body: { error: { code: "SERVER_ERROR", message } },
  });
  server.misbehave("deny", {
    kind: "answer",
    status: 500,
    body: { error: { code: "SERVER_ERROR", message: "oh" } },
  });
  const approved = await runMain(["approve", "r", "gate"], { baseUrl: server.baseUrl });
  expect(approved.exitCode).toBe(4);
  expect(approved.stderr).toContain(message);
  expect((await runMain(["deny", "r", "gate"], { baseUrl: server.baseUrl })).exitCode).toBe(5);
});
