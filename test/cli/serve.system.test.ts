import { execa } from "execa";
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { findInstallation } from "../../src/cli/serve/find-installation.js";
import { createClient, HttpError } from "../../src/client/index.js";
import { closedPort } from "../faults/in-test.js";
import { makeServerRoot, ownSource } from "../real-server.js";
import { waitUntil } from "../wait-until.js";
import { whenUnlocked } from "../when-unlocked.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const binary = join(repository, "bin", "smithers-client.js");

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

async function temporaryDirectory(): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "smithers-client-serve-")));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function root(): Promise<string> {
  const directory = await makeServerRoot();
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

interface RunOptions {
  cwd: string;
  env?: Record<string, string | undefined>;
  program?: string;
}

function start(words: string[], { cwd, env = {}, program = binary }: RunOptions) {
  const child = execa(process.execPath, [program, ...words], {
    cwd,
    env: {
      SMITHERS_API_KEY: undefined,
      SMITHERS_BASE_URL: undefined,
      SMITHERS_FORMAT: undefined,
      NO_COLOR: "1",
      ...env,
    },
    reject: false,
    forceKillAfterDelay: 5_000,
  });
  cleanups.push(async () => {
    child.kill("SIGTERM");
    await child;
  });
  return child;
}

/** Starts `serve` on a free port and resolves when it prints its address. */
async function serve(words: string[], options: RunOptions) {
  const child = start(["serve", "--port", "0", ...words], options);
  const said = await firstMatch(child, /^serving (.+) on (http:\/\/127\.0\.0\.1:\d+)$/m);
  return { child, servedRoot: said[1] as string, baseUrl: said[2] as string };
}

async function firstMatch(child: ReturnType<typeof start>, pattern: RegExp): Promise<RegExpExecArray> {
  let said = "";
  child.stderr?.setEncoding("utf8");
  return new Promise((resolve, reject) => {
    child.stderr?.on("data", (text: string) => {
      said += text;
      const match = pattern.exec(said);
      if (match) resolve(match);
    });
    void child.then(({ exitCode }) => reject(new Error(`it ended with ${exitCode}: ${said}`)));
  });
}

async function isGone(baseUrl: string, withinMs = 5_000): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline;) {
    try {
      await fetch(`${baseUrl}/v1/runs`);
    } catch {
      return true;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  return false;
}

async function reaches(baseUrl: string, runId: string, status: string): Promise<void> {
  await expect
    .poll(async () => (await createClient({ baseUrl }).getStatus({ runId })).status, { timeout: 10_000 })
    .toBe(status);
}

describe("serve", () => {
  test("prints its address once it answers, and nothing to stdout", async () => {
    const cwd = await root();
    const { child, servedRoot, baseUrl } = await serve([], { cwd });
    expect(servedRoot).toBe(cwd);
    expect(await createClient({ baseUrl }).listRuns({})).toEqual([]);
    child.kill("SIGINT");
    const { exitCode, stdout, stderr } = await child;
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: `serving ${cwd} on ${baseUrl}`,
    });
  });

  test("listens only on the loopback interface", async () => {
    const { baseUrl } = await serve([], { cwd: await root() });
    const others = Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).filter(({ internal, family }) => !internal && family === "IPv4"),
    );
    for (const { address } of others) {
      await expect(fetch(`http://${address}:${new URL(baseUrl).port}/v1/runs`)).rejects.toThrow();
    }
    await expect(fetch(`http://[::1]:${new URL(baseUrl).port}/v1/runs`)).rejects.toThrow();
  });

  test("serves --root, with the default database in it", async () => {
    const [directory, cwd] = [await root(), await temporaryDirectory()];
    const { baseUrl } = await serve(["--root", directory], { cwd });
    const { runId } = await createClient({ baseUrl }).runWorkflow({ workflowPath: "quick.tsx", input: {} });
    await reaches(baseUrl, runId, "finished");
    expect(await readdir(directory)).toContain("smithers.db");
    expect(await readdir(cwd)).toEqual([]);
  });

  test("makes workflows use the file of --db too, so that a run continues after its approval", async () => {
    const [directory, elsewhere] = [await root(), await temporaryDirectory()];
    const { baseUrl } = await serve(["--root", directory, "--db", "runs.db"], { cwd: elsewhere });
    const client = createClient({ baseUrl });
    const { runId } = await client.runWorkflow({ workflowPath: "gate.tsx", input: {} });
    await reaches(baseUrl, runId, "waiting-approval");
    await whenUnlocked(() => client.approve({ runId, nodeId: "gate" }));
    await client.resume({ runId, workflowPath: "gate.tsx" });
    await reaches(baseUrl, runId, "finished");
    expect(await readdir(elsewhere)).toContain("runs.db");
    expect(await readdir(directory)).not.toContain("smithers.db");
  });

  test("--example writes a workflow that runs without a model, and keeps an existing one", async () => {
    const cwd = await root();
    const first = await serve(["--example"], { cwd });
    const client = createClient({ baseUrl: first.baseUrl });
    const { runId } = await client.runWorkflow({ workflowPath: "./deploy.tsx", input: {} });
    await reaches(first.baseUrl, runId, "waiting-approval");
    first.child.kill("SIGTERM");
    expect((await first.child).stderr).toMatch(/^wrote deploy.tsx\nserving /);
    await writeFile(join(cwd, "deploy.tsx"), "// mine");
    const second = await serve(["--example"], { cwd });
    second.child.kill("SIGTERM");
    expect((await second.child).stderr).toMatch(/^deploy.tsx exists already\nserving /);
    expect(await readFile(join(cwd, "deploy.tsx"), "utf8")).toBe("// mine");
  });

  test("keeps no list of runs with --no-db", async () => {
    const { baseUrl } = await serve(["--no-db"], { cwd: await root() });
    const client = createClient({ baseUrl });
    await expect(client.listRuns({})).rejects.toMatchObject({ code: "DB_NOT_CONFIGURED" });
    const { runId } = await client.runWorkflow({ workflowPath: "quick.tsx", input: {} });
    await reaches(baseUrl, runId, "finished");
  });

  test.each([
    ["SMITHERS_API_KEY", [], { SMITHERS_API_KEY: "s3cret-key" }],
    ["--api-key", ["--api-key", "s3cret-key"], {}],
  ])("requires the API key from %s", async (_, words, env) => {
    const { child, baseUrl } = await serve(words, { cwd: await root(), env });
    await expect(createClient({ baseUrl }).listRuns({})).rejects.toThrow(HttpError);
    expect(await createClient({ baseUrl, apiKey: "s3cret-key" }).listRuns({})).toEqual([]);
    const { stdout } = await execa("ps", ["-A", "-o", "args="]);
    expect(
      stdout.split("\n").filter((line) => line.includes("server-process") && line.includes("s3cret")),
    ).toEqual([]);
    child.kill("SIGTERM");
    expect(`${(await child).stderr}`).not.toContain("s3cret");
  });

  test("prints nothing with --json", async () => {
    const cwd = await root();
    const port = await closedPort();
    const child = start(["serve", "--port", `${port}`, "--json"], { cwd });
    const client = createClient({ baseUrl: `http://127.0.0.1:${port}` });
    expect(await waitUntil(() => client.listRuns({}).catch(() => undefined))).toEqual([]);
    child.kill("SIGTERM");
    const { exitCode, stdout, stderr } = await child;
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });
});

describe("serve ends", () => {
  test.each([
    ["SIGINT", 0],
    ["SIGTERM", 0],
    ["SIGHUP", 129],
  ] as const)("on %s and leaves no server, even during a run", async (signal, code) => {
    const { child, baseUrl } = await serve([], { cwd: await root() });
    await createClient({ baseUrl }).runWorkflow({ workflowPath: "slow.tsx", input: { steps: 50 } });
    child.kill(signal);
    expect((await child).exitCode).toBe(code);
    expect(await isGone(baseUrl, 500)).toBe(true);
  });

  test("its server even if it is killed", async () => {
    const { child, baseUrl } = await serve([], { cwd: await root() });
    child.kill("SIGKILL");
    await child;
    expect(await isGone(baseUrl)).toBe(true);
  });

  test("after --timeout with exit code 124", async () => {
    const { child, baseUrl } = await serve(["--timeout", "8s"], { cwd: await root() });
    expect((await child).exitCode).toBe(124);
    expect(await isGone(baseUrl, 500)).toBe(true);
  });

  test("with an error if the server ends by itself, and prints what the server said", async () => {
    const cwd = await root();
    await writeFile(join(cwd, "crash.tsx"), `console.error("out of \\u001b[31mluck"); process.exit(7);`);
    const { child, baseUrl } = await serve([], { cwd });
    await createClient({ baseUrl })
      .runWorkflow({ workflowPath: "crash.tsx", input: {} })
      .catch(() => {});
    const { exitCode, stdout, stderr } = await child;
    expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: "" });
    expect(stderr).toMatch(/^error: the server ended by itself with exit code 7: out of .*luck$/m);
    expect(stderr).toContain("smithers-client resume <run-id>");
    expect(stderr).not.toContain("\u001b");
  });
});

describe("serve refuses", () => {
  test("an installation that does not load", async () => {
    const cwd = await temporaryDirectory();
    const installed = join(cwd, "node_modules", "smithers-orchestrator");
    await mkdir(installed, { recursive: true });
    await writeFile(
      join(installed, "package.json"),
      JSON.stringify({ exports: { "./server": "./server.js" } }),
    );
    await writeFile(join(installed, "server.js"), "export const nothing = 1;\n");
    const { bun = "" } = findInstallation([ownSource.installation]);
    const env = { PATH: dirname(bun) };
    const { exitCode, stdout, stderr } = await start(["serve", "--port", "0", "--json"], { cwd, env });
    expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: "" });
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: "SERVER_ENDED",
        message: expect.stringMatching(/^the server did not start: ./) as string,
      },
    });
  });

  test("a port that is in use", async () => {
    const { baseUrl } = await serve([], { cwd: await root() });
    const { port } = new URL(baseUrl);
    const { exitCode, stdout, stderr } = await start(["serve", "--port", port], { cwd: await root() });
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: "" });
    expect(stderr).toContain(`error: port ${port} is in use by another program`);
    expect(stderr).toContain("serve --port 0");
  });

  test.each([
    [["--port", "x"], "'x' is not a port"],
    [["--port", "65536"], "'65536' is not a port"],
    [["--root", "nowhere"], "no directory"],
    [["--db", "nowhere/x.db"], "no directory"],
    [["--db", "."], "not a file"],
    [["--db", "no-database.txt"], "cannot be opened as a database"],
  ])("%j", async (words, message) => {
    const cwd = await root();
    await writeFile(join(cwd, "no-database.txt"), "something else entirely\n".repeat(100));
    const { exitCode, stdout, stderr } = await start(["serve", ...words], { cwd });
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: "" });
    expect(stderr).toContain(message);
  });

  test("to start if nothing is installed", async () => {
    // Like the project of a user who installed only this package.
    const project = await temporaryDirectory();
    const installed = join(project, "node_modules", "smithers-client");
    for (const part of ["bin", "dist", "package.json"]) {
      await cp(join(repository, part), join(installed, part), { recursive: true });
    }
    const manifest = await readFile(join(repository, "package.json"), "utf8");
    for (const name of Object.keys((JSON.parse(manifest) as { dependencies: object }).dependencies)) {
      await symlink(join(repository, "node_modules", name), join(project, "node_modules", name), "dir");
    }
    const program = join(installed, "bin", "smithers-client.js");
    const env = { PATH: "" };
    const { exitCode, stdout, stderr } = await start(["serve", "--json"], { cwd: project, env, program });
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: "" });
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: "NOT_INSTALLED",
        message: expect.stringContaining("smithers-orchestrator and Bun") as string,
        hint: "npm install --save-dev smithers-orchestrator@0.5.0 bun zod",
      },
    });
  });
});

describe("finding Bun", () => {
  async function bunPackage(): Promise<{ directory: string; add: (file: string) => Promise<string> }> {
    const directory = await temporaryDirectory();
    const add = async (file: string, size = 2_000_000): Promise<string> => {
      const path = join(directory, "node_modules", file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, Buffer.alloc(size));
      await chmod(path, 0o755);
      return path;
    };
    await mkdir(join(directory, "node_modules", "bun", "bin"), { recursive: true });
    await mkdir(join(directory, "node_modules", "@oven", "bun-here-x64"), { recursive: true });
    await writeFile(join(directory, "node_modules", "@oven", "bun-here-x64", "package.json"), "{}");
    const manifest = {
      optionalDependencies: { "@oven/bun-abacus-x64": "1.0.0", "@oven/bun-here-x64": "1.0.0" },
    };
    await writeFile(join(directory, "node_modules", "bun", "package.json"), JSON.stringify(manifest));
    await add("bun/bin/bun.exe", 450);
    return { directory, add };
  }

  test("uses the native package's executable if the install script has not run", async () => {
    const { directory, add } = await bunPackage();
    const executable = await add("@oven/bun-here-x64/bin/bun");
    expect(findInstallation([join(directory, "deeper", "down")]).bun).toBe(executable);
  });

  test("uses the package's own executable if the install script has run", async () => {
    const { directory, add } = await bunPackage();
    const executable = await add("bun/bin/bun.exe");
    expect(findInstallation([directory]).bun).toBe(executable);
  });

  test("ignores a placeholder, and searches the PATH last", async () => {
    const { directory, add } = await bunPackage();
    expect(findInstallation([directory]).bun).toBeUndefined();
    const executable = await add("elsewhere/bun");
    expect(findInstallation([directory], `/nowhere:${dirname(executable)}`).bun).toBe(executable);
  });
});
