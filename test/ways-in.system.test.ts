import { execa } from "execa";
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient, type SmithersClient } from "../src/client/index.js";
import { binary, cleanEnvironment } from "./cli/run-cli.js";
import { waitUntil } from "./wait-until.js";
import { needs } from "./needs.js";
import { startRealServer, type RealServer } from "./real-server.js";

const repository = fileURLToPath(new URL("..", import.meta.url));
const example = (name: string) => join(repository, "examples", name);
// Their own server, because these programs decide and count everything on it.
let server: RealServer;
let client: SmithersClient;
/** A run that fails. */
let failing: string;
let folder: string;
let env: Record<string, string>;
let bot: ReturnType<typeof start>;
let dashboard: ReturnType<typeof start>;
/** What the dashboard has printed. */
let shown = "";

function start(program: string) {
  return execa(process.execPath, [program], { env, extendEnv: false, stdin: "ignore", reject: false });
}

/** Runs shell commands with the binary on the `PATH`. */
const shell = (words: string, ...args: string[]) =>
  execa("sh", ["-euc", words, "sh", ...args], { env, extendEnv: false, cwd: folder, stdin: "ignore" });

const becomes = (runId: string, status: string) =>
  expect.poll(async () => (await client.getStatus({ runId })).status, { timeout: 20_000 }).toBe(status);

/** Starts a run with an approval that the bot leaves to people. */
async function waitingRun(): Promise<string> {
  const { runId } = await client.runWorkflow({ workflowPath: "gate.tsx", input: {} });
  await becomes(runId, "waiting-approval");
  return runId;
}

beforeAll(async () => {
  server = await startRealServer();
  client = createClient({ baseUrl: server.baseUrl });
  await copyFile(example("deploy.tsx"), join(server.root, "deploy.tsx"));
  folder = await mkdtemp(join(tmpdir(), "smithers-client-ways-in-"));
  await mkdir(join(folder, "bin"));
  const command = join(folder, "bin", "smithers-client");
  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${binary}" "$@"\n`);
  await chmod(command, 0o755);
  const path = join(folder, "bin") + delimiter + process.env["PATH"];
  env = cleanEnvironment(server.baseUrl, { PATH: path });
  bot = start(example("approve-bot.mjs"));
  dashboard = start(example("dashboard.mjs"));
  dashboard.stdout.on("data", (text) => (shown += String(text)));
  failing = (await client.runWorkflow({ workflowPath: "fails.tsx", input: {} })).runId;
});
afterAll(async () => {
  bot.kill();
  dashboard.kill();
  await Promise.all([bot, dashboard]);
  await server.stop();
  await rm(folder, { recursive: true });
});

test.concurrent("failed-nodes.sh prints which nodes failed, and why", needs("jq"), async () => {
  const runId = failing;
  await becomes(runId, "failed");
  const { stdout, stderr } = await shell('"$1" 5', example("failed-nodes.sh"));
  expect(stderr).toBe("");
  const [line, again, ...rest] = stdout.split("\n").map((each) => each.split("\t"));
  expect(line).toEqual([runId, "publish", "1", expect.stringContaining("disk full") as string]);
  expect(again?.slice(0, 3)).toEqual([runId, "publish", "2"]);
  expect(rest).toEqual([]);
});

test("approve-bot.mjs approves what its rules allow and leaves the rest to people", async () => {
  const runId = await waitingRun();
  // The bot has seen this run later than that one.
  const later = await client.runWorkflow({ workflowPath: "deploy.tsx", input: {} });
  await becomes(later.runId, "finished");
  expect((await client.getStatus({ runId })).status).toBe("waiting-approval");

  bot.kill("SIGTERM");
  const { stdout, stderr, exitCode } = await bot;
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toContain(`approve ${later.runId} "approve-deploy"`);
  expect(stdout).not.toContain(runId);
});

test("dashboard.mjs shows each run from start to end", async () => {
  await waitUntil(() => / deploy +finished +4\/4$/m.test(shown) && / fails +failed/m.test(shown));
  dashboard.kill("SIGINT");
  const { stdout, stderr, exitCode } = await dashboard;
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toMatch(/ deploy +running +0\/3 {2}build {2}test {2}approve-deploy\?$/m);
  expect(stdout).toMatch(/ deploy +finished +4\/4$/m);
  expect(stdout).toMatch(/ fails +failed/m);
});
