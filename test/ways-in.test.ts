import { execa } from "execa";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient, type SmithersClient } from "../src/client/index.js";
import { binary, cleanEnvironment } from "./cli/run-cli.js";
import { needs } from "./needs.js";
import { startRealServer, type RealServer } from "./real-server.js";

const repository = fileURLToPath(new URL("..", import.meta.url));
const example = (name: string) => join(repository, "examples", name);
const readme = await readFile(join(repository, "README.md"), "utf8");
const reference = await readFile(join(repository, "docs", "library.md"), "utf8");
const blocks = (text: string, opening: RegExp) =>
  [...text.matchAll(new RegExp(`${opening.source}([^]*?)^\`\`\``, "gm"))].map(([, block = ""]) => block);

// A server of their own, since these decide and count all that there is on one.
let server: RealServer;
let client: SmithersClient;
/** A run that fails. */
let failing: string;
let folder: string;
let env: Record<string, string>;
let bot: ReturnType<typeof start>;
let dashboard: ReturnType<typeof start>;

function start(program: string) {
  return execa(process.execPath, [program], { env, extendEnv: false, stdin: "ignore", reject: false });
}

/** Runs a shell's words with the binary on its path, in a folder with an input. */
const shell = (words: string, ...args: string[]) =>
  execa("sh", ["-euc", words, "sh", ...args], { env, extendEnv: false, cwd: folder, stdin: "ignore" });

const becomes = (runId: string, status: string) =>
  expect.poll(async () => (await client.getStatus({ runId })).status, { timeout: 20_000 }).toBe(status);

/** A run at a gate that the bot leaves to people. */
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
  await writeFile(join(folder, "input.json"), '{"environment":"staging"}');
  const path = join(folder, "bin") + delimiter + process.env["PATH"];
  env = cleanEnvironment(server.baseUrl, { PATH: path });
  bot = start(example("approve-bot.mjs"));
  dashboard = start(example("dashboard.mjs"));
  failing = (await client.runWorkflow({ workflowPath: "fails.tsx", input: {} })).runId;
});
afterAll(async () => {
  bot.kill();
  dashboard.kill();
  await Promise.all([bot, dashboard]);
  await server.stop();
  await rm(folder, { recursive: true });
});

const inReadme = blocks(readme, /^```sh\n/);
const blockWith = (words: string) => inReadme.find((block) => block.includes(words)) ?? "";

// The bot approves, as somebody in another shell would.
test.concurrent("README's first lines start a run and follow it over its gate", async () => {
  const install = "npm install --global smithers-client\n";
  const address = "http://127.0.0.1:7331";
  const first = blockWith(install);
  expect(first).toContain(address);
  const { stdout } = await shell(first.replace(install, "").replace(address, server.baseUrl));
  expect(stdout).toMatch(/approve-deploy +waiting for approval$/m);
  expect(stdout).toMatch(/approve-deploy +approved$/m);
  expect(stdout).toMatch(/run +finished$/);
});

test.concurrent("the examples of the library's reference run", async ({ onTestFinished }) => {
  const examples = blocks(reference, /^#### Example\n\n```ts\n/);
  expect(examples.length).toBeGreaterThanOrEqual(15);
  // The runs that it leaves waiting are no business of the other tests.
  const own = await startRealServer();
  onTestFinished(() => own.stop());
  const asWritten = (code: string) =>
    code
      .replace("http://build-host:7331", own.baseUrl)
      .replace("./deploy.tsx", "gate.tsx")
      // The program is JavaScript.
      .replace(/<(Frame|RunRow)>/, "");
  // Each example has a run of its own that waits at its gate; one that follows it has the gate approved.
  const program = `
    import { createClient as create } from ${JSON.stringify(new URL("../dist/client/index.js", import.meta.url).href)};
    const client = create({ baseUrl: ${JSON.stringify(own.baseUrl)} });
    const { ${Object.keys(createClient()).join(", ")} } = client;
    const createClient = create, apiKey = undefined;
    const waiting = async (needsApproval) => {
      const { runId } = await client.runWorkflow({ workflowPath: "gate.tsx", input: {} });
      while ((await client.getStatus({ runId })).status !== "waiting-approval") await new Promise((on) => setTimeout(on, 50));
      if (needsApproval) await client.approve({ runId, nodeId: "gate" });
      return runId;
    };
    const examples = [${examples.map((code) => `async (runId) => {\n${withoutLocalRunId(asWritten(code))}\n}`).join(",")}];
    for (const example of examples) {
      const text = example.toString();
      const runId = await waiting(/streamEvents|watchRun/.test(text));
      try { await example(runId); console.log("ran"); }
      // This server takes no signals, and cancels only what is executing.
      catch (error) { console.log(error.code === "NEWER_ROUTE" || text.includes("cancel(") ? "ran" : error); }
    }`;
  const file = join(folder, "reference.mjs");
  await writeFile(file, program);
  const { stdout, stderr } = await start(file);
  expect(stderr).toBe("");
  expect(stdout.split("\n").filter((line) => line === "ran")).toHaveLength(examples.length);
  expect(stdout).toMatch(/\nRunFinished\n/);
});

/** An example that makes a run of its own calls it as the run that others are given. */
function withoutLocalRunId(code: string): string {
  return code
    .replace("const { runId } = await", "({ runId } = await")
    .replace(/^(\(\{ runId \} = .*);$/m, "$1);");
}

test.concurrent("failed-nodes.sh tells what failed, and why", needs("jq"), async () => {
  const runId = failing;
  await becomes(runId, "failed");
  const { stdout, stderr } = await shell('"$1" 5', example("failed-nodes.sh"));
  expect(stderr).toBe("");
  const [line, again, ...rest] = stdout.split("\n").map((each) => each.split("\t"));
  expect(line).toEqual([runId, "publish", "1", expect.stringContaining("disk full") as string]);
  expect(again?.slice(0, 3)).toEqual([runId, "publish", "2"]);
  expect(rest).toEqual([]);
});

// Not at the same time as the others, since it approves whatever waits.
test(
  "README's lines for scripts start a run, wait for it, ask for its status, and approve what waits",
  needs("jq"),
  async () => {
    const waiting = await waitingRun();
    const { stdout } = await shell(blockWith("smithers-client approvals --quiet"));
    expect(stdout).toBe(`finished\napproved gate of run ${waiting}`);
  },
);

test("approve-bot.mjs approved what its rules say, and leaves the rest to people", async () => {
  const runId = await waitingRun();
  // Later than that run it has seen this one.
  const later = await client.runWorkflow({ workflowPath: "deploy.tsx", input: {} });
  await becomes(later.runId, "finished");
  expect((await client.getStatus({ runId })).status).toBe("waiting-approval");

  bot.kill("SIGTERM");
  const { stdout, stderr, exitCode } = await bot;
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toContain(`approve ${later.runId} "approve-deploy"`);
  expect(stdout).not.toContain(runId);
});

test("dashboard.mjs showed each run from its start to its end", async () => {
  dashboard.kill("SIGINT");
  const { stdout, stderr, exitCode } = await dashboard;
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toMatch(/ deploy +running +0\/3 {2}build {2}test {2}approve-deploy\?$/m);
  expect(stdout).toMatch(/ deploy +finished +4\/4$/m);
  expect(stdout).toMatch(/ fails +failed/m);
});

test("README has no other lines for a shell that nobody runs", async () => {
  const faults = "npm run test:faults -- --runs 1000 --seed 7\n";
  // Those of completion are run by its own test, in the shells themselves.
  const tested = [
    "npm install --global",
    "smithers-client approvals --quiet",
    faults,
    "smithers-client completion",
  ];
  expect(inReadme.filter((block) => !tested.some((words) => block.includes(words)))).toEqual([]);
  const manifest = await readFile(join(repository, "package.json"), "utf8");
  expect(JSON.parse(manifest)).toHaveProperty(["scripts", "test:faults"]);
});
