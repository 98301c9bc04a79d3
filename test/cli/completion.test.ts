import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.js";
import { RawServer } from "../faults/raw-server.js";
import { sharedServer } from "../shared-server.js";
import { waitUntil } from "../wait-until.js";
import { cli, freshId } from "./run-cli.js";
import { whenUnlocked } from "../when-unlocked.js";

const baseUrl = sharedServer.baseUrl;
const client = createClient({ baseUrl });

/** The working directory of the completions, which contains a workflow. */
let work: string;
beforeAll(async () => {
  work = await realpath(await mkdtemp(join(tmpdir(), "smithers-completion-")));
  await mkdir(join(work, "flows"));
  await writeFile(join(work, "flows", "deploy.tsx"), "");
  await writeFile(join(work, "payload one.json"), "{}");
});
afterAll(() => rm(work, { recursive: true, force: true }));

/** Returns the words that a completion offers, without descriptions, or `files` or `directories`. */
async function offered(words: string[], server = baseUrl): Promise<string[]> {
  const { stdout, stderr, exitCode } = await cli(["__complete", "fish", ...words], {
    baseUrl: server,
    cwd: work,
  });
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const [kind, ...lines] = stdout.split("\n").slice(0, -1);
  return kind === undefined || kind === "words" ? lines.map((line) => line.split("\t")[0] ?? "") : [kind];
}

describe("completion", () => {
  test.each([
    ["commands", [""], ["run", "approve", "watch", "completion", "help"]],
    ["commands after flags", ["--base-url", "http://127.0.0.1:1", "--json", ""], ["run", "ls"]],
    ["flags, the general ones too", ["watch", "--"], ["--on-approval", "--all", "--base-url", "--help"]],
    ["values of a flag", ["run", "x.tsx", "--on-approval", ""], ["ask", "wait", "approve", "deny", "exit"]],
    ["values behind =", ["run", "--if-exists="], ["--if-exists=fail", "--if-exists=attach"]],
    ["statuses", ["ls", "--status", ""], ["running", "waiting-approval", "paused"]],
    ["shells", ["completion", ""], ["bash", "zsh", "fish"]],
    ["commands to help with", ["help", ""], ["run", "approve"]],
    ["topics to help with", ["help", ""], ["exit-codes", "environment"]],
    ["what a command is called too", ["list", "--stat"], ["--status"]],
    ["files for a field behind @", ["run", "-F", "notes=@pay"], ["notes=@payload one.json"]],
    ["files for input behind @", ["run", "x.tsx", "--input", "@"], ["@flows/", "@payload one.json"]],
    ["files in a folder behind @", ["run", "--input", "@flows/de"], ["@flows/deploy.tsx"]],
    ["files and folders for serve", ["serve", "--db", ""], ["files"]],
    ["folders", ["serve", "--root", ""], ["directories"]],
  ])("offers %s", async (_, words, expected) => {
    expect(await offered(words)).toEqual(expect.arrayContaining(expected));
  });

  test.each([
    [["run", ""], ["flows/"]],
    [["run", "flows/"], ["flows/deploy.tsx"]],
    [["run", "./flows/de"], ["./flows/deploy.tsx"]],
    [["resume", "4f1c", ""], ["flows/"]],
  ])("offers only workflows and folders after %j", async (words, expected) => {
    expect(await offered(words)).toEqual(expected);
  });

  test.each([
    ["after all arguments", ["status", "x", ""]],
    ["for a word that nobody knows", ["no-such-command", ""]],
    ["for the value of a flag that takes any", ["run", "--run-id", ""]],
    ["for a text behind @", ["run", "x.tsx", "-f", "notes=@"]],
    ["for JSON", ["run", "x.tsx", "--input", "{"]],
  ])("offers nothing %s", async (_, words) => {
    expect(await offered(words)).toEqual([]);
  });

  test("offers a flag again only if it may be repeated", async () => {
    const words = await offered(["watch", "--all", "--approve-only", "x", "--"]);
    expect(words).not.toContain("--all");
    expect(words).toContain("--approve-only");
  });
});

describe("live ids", () => {
  /** Retries until something is offered: on a busy machine, the server may not answer in time at first. */
  const offeredInTime = (words: string[]) =>
    waitUntil(async () => {
      const found = await offered(words);
      return found.length > 0 ? found : undefined;
    });

  let waiting: string;
  let running: string;
  let failed: string;
  beforeAll(async () => {
    [waiting, running, failed] = [freshId("waits"), freshId("runs"), freshId("fails")];
    await client.runWorkflow({ workflowPath: "gates.tsx", input: {}, runId: waiting });
    await client.runWorkflow({ workflowPath: "fails.tsx", input: {}, runId: failed });
    await client.runWorkflow({ workflowPath: "slow.tsx", input: { steps: 100, ms: 500 }, runId: running });
    const is = async (runId: string, status: string) =>
      (await client.getStatus({ runId }).catch(() => undefined))?.status === status;
    await waitUntil(async () => (await is(waiting, "waiting-approval")) && (await is(failed, "failed")));
  });
  afterAll(() => client.cancel({ runId: running }));

  test.each([
    ["approve", true, false, false],
    ["deny", true, false, false],
    ["resume", true, false, true],
    ["cancel", false, true, false],
    ["watch", true, true, true],
    ["status", true, true, true],
    ["frames", true, true, true],
  ])("for %s are only the runs that it applies to", async (command, forWaiting, forRunning, forFailed) => {
    const words = await offeredInTime([command, ""]);
    expect(words.includes(waiting)).toBe(forWaiting);
    expect(words.includes(running)).toBe(forRunning);
    expect(words.includes(failed)).toBe(forFailed);
  });

  test("for watch are offered once each, and @latest after an @", async () => {
    expect(await offeredInTime(["watch", waiting, ""])).not.toContain(waiting);
    expect(await offeredInTime(["watch", "@"])).toContain("@latest");
  });

  test("for approve and deny are the open approvals of a run, or of a prefix of its id", async () => {
    expect(await offeredInTime(["approve", waiting, ""])).toEqual(["gate-a", "gate-b"]);
    await whenUnlocked(() => client.approve({ runId: waiting, nodeId: "gate-a" }));
    expect(await offeredInTime(["deny", waiting.slice(0, -1), ""])).toEqual(["gate-b"]);
  });

  test("for logs are all nodes of the run", async () => {
    expect(await offeredInTime(["logs", waiting, ""])).toEqual(["gate-a", "gate-b", "ship"]);
    expect(await offeredInTime(["logs", ""])).toContain(failed);
  });

  test("are not offered if the server is unreachable or does not answer", async () => {
    const silent = await RawServer.start(() => {});
    const silentUrl = silent.baseUrl;
    try {
      expect(await offered(["status", ""], silentUrl)).toEqual([]);
      expect(await offered(["approve", "x", ""], silentUrl)).toEqual([]);
    } finally {
      await silent.close();
    }
    expect(await offered(["status", ""], silentUrl)).toEqual([]);
    expect(await offered(["status", ""], "no address")).toEqual([]);
  });

  test("do not wait for other pending work of the process, such as a DNS lookup", async () => {
    const later = "setTimeout(() => console.log('later'), 10_000)";
    const options = { env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(later)}` } };
    const { stdout } = await cli(["__complete", "fish", "completion", ""], options);
    expect(stdout).toBe("words\nbash\t\nzsh\t\nfish\t\n");
  });
});

test("completion refuses an unsupported shell", async () => {
  const { exitCode, stderr } = await cli(["completion", "tcsh"]);
  expect(exitCode).toBe(4);
  expect(stderr).toMatch(/'tcsh', only for bash, zsh, fish/);
});
