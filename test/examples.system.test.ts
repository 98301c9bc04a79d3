import { execa } from "execa";
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createClient } from "../src/client/index.js";
import { binary, cleanEnvironment, freshId } from "./cli/run-cli.js";
import { startRealServer } from "./real-server.js";
import { sharedServer } from "./shared-server.js";
import { whenUnlocked } from "./when-unlocked.js";

const repository = fileURLToPath(new URL("..", import.meta.url));

describe("examples/demo.mjs", () => {
  let temporary: string;
  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), "smithers-client-demo-"));
  });
  afterEach(() => rm(temporary, { recursive: true, force: true }));

  function startDemo(env: Record<string, string> = {}) {
    return execa(process.execPath, [join(repository, "examples", "demo.mjs")], {
      env: { SMITHERS_API_KEY: undefined, NO_COLOR: "1", ...env, TMPDIR: temporary },
      stdin: "ignore",
      reject: false,
      all: true,
      forceKillAfterDelay: 10_000,
    });
  }

  async function expectNothingLeft(output: string): Promise<void> {
    const [baseUrl] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
    expect(baseUrl).toBeDefined();
    await expect(fetch(`${baseUrl}/v1/runs`)).rejects.toThrow();
    expect(await readdir(temporary)).toEqual([]);
  }

  test("shows a run from start to end, and approves without asking if there is no terminal", async () => {
    // Environment variables of the user's shell must not affect it.
    const env = { SMITHERS_FORMAT: "json", SMITHERS_BASE_URL: "http://127.0.0.1:1", SMITHERS_API_KEY: "k" };
    const { exitCode, stdout, all } = await startDemo(env);
    expect({ exitCode, all }).toEqual({ exitCode: 0, all: expect.stringContaining("Deployed.") as string });
    const commands = [...stdout.matchAll(/^\$ smithers-client (\S+)/gm)].map(([, command]) => command);
    for (const command of ["serve", "run", "status", "ls", "frames"]) expect(commands).toContain(command);
    for (const node of ["build", "test", "approve-deploy", "deploy"]) {
      expect(stdout).toMatch(new RegExp(`${node} +finished`));
    }
    expect(stdout).toMatch(/^status +finished$/m);
    expect(stdout).toContain("so approve-deploy is approved without asking");
    await expectNothingLeft(all);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("leaves nothing behind if %s ends it in the middle", async (signal, code) => {
    const demo = startDemo();
    demo.all.setEncoding("utf8").on("data", (text: string) => {
      if (/build +started/.test(text)) demo.kill(signal);
    });
    const { exitCode, all } = await demo;
    expect({ exitCode, finished: all.includes("Deployed.") }).toEqual({ exitCode: code, finished: false });
    await expectNothingLeft(all);
  });
});

describe("examples/.github/workflows/deploy.yml", () => {
  /** The commands of a step's `run: |`, as the runner's shell gets them. */
  const stepOf = (workflow: string, id: string) => {
    const [, indent = "", block = ""] =
      new RegExp(`id: ${id}\\n( +)run: \\|\\n((?:\\1  .*\\n)+)`).exec(workflow) ?? [];
    return block.replaceAll(`\n${indent}  `, "\n").trim();
  };

  test("its step starts and approves the run, and attaches to it when it is rerun", async () => {
    const workflow = await readFile(
      join(repository, "examples", ".github", "workflows", "deploy.yml"),
      "utf8",
    );
    const step = stepOf(workflow, "smithers");
    expect(step).toMatch(/^smithers-client run /);
    expect(await readFile(join(repository, "docs", "ci.md"), "utf8")).toContain(step);
    const folder = await mkdtemp(join(tmpdir(), "smithers-client-workflow-"));
    try {
      await copyFile(join(repository, "examples", "deploy.tsx"), join(sharedServer.root, "deploy.tsx"));
      const program = join(folder, "smithers-client");
      await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${binary}" "$@"\n`, { mode: 0o755 });
      const env = cleanEnvironment(sharedServer.baseUrl, {
        PATH: `${folder}:${process.env["PATH"]}`,
        CI: "true",
        GITHUB_ACTIONS: "true",
        GITHUB_SHA: "0a1b2c",
        GITHUB_RUN_ID: freshId("ci"),
        GITHUB_OUTPUT: join(folder, "output"),
      });
      const runStep = () => execa("bash", ["-e", "-c", step], { env, extendEnv: false, cwd: folder });
      const first = await runStep();
      expect(first.stdout).toMatch(/^::group::.* approve-deploy +finished/m);
      const again = await runStep();
      expect(again.stderr).toContain(`run deploy-${env["GITHUB_RUN_ID"]} exists and is finished`);
      expect(await readFile(env["GITHUB_OUTPUT"] ?? "", "utf8")).toContain(`deploy-${env["GITHUB_RUN_ID"]}`);
      expect(await readFile(join(folder, "reports", "smithers.xml"), "utf8")).toContain(
        'failures="0" errors="0"',
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("examples/deploy.tsx", () => {
  test("needs no input", async ({ onTestFinished }) => {
    // With many runs on the server, 0.5.0 may lose the race for its database, which fails the run.
    const server = await startRealServer();
    onTestFinished(() => server.stop());
    await copyFile(join(repository, "examples", "deploy.tsx"), join(server.root, "deploy.tsx"));
    const client = createClient({ baseUrl: server.baseUrl });
    const { runId } = await client.runWorkflow({ workflowPath: "deploy.tsx", input: {} });
    const becomes = (status: string) =>
      expect.poll(async () => (await client.getStatus({ runId })).status, { timeout: 15_000 }).toBe(status);
    await becomes("waiting-approval");
    await whenUnlocked(() => client.approve({ runId, nodeId: "approve-deploy" }));
    await client.resume({ runId, workflowPath: "deploy.tsx" });
    await becomes("finished");
  });
});
