import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.js";
import { sharedServer } from "../shared-server.js";
import { waitUntil } from "../wait-until.js";
import { cli, freshId, startCli } from "./run-cli.js";
import { whenUnlocked } from "../when-unlocked.js";

const client = createClient({ baseUrl: sharedServer.baseUrl });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smithers-ci-"));
});
afterEach(() => rm(folder, { recursive: true }));

const github = () => ({
  GITHUB_ACTIONS: "true",
  CI: "true",
  GITHUB_STEP_SUMMARY: join(folder, "summary.md"),
  GITHUB_OUTPUT: join(folder, "output"),
});

/** What GitHub's runner takes out of a log: each command with its properties and its text, escapes undone. */
function commandsIn(log: string): { name: string; properties: string; text: string }[] {
  const undone = (text: string) =>
    text.replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%0A", "\n").replaceAll("%25", "%");
  return log.split(/\r?\n|\r/).flatMap((line) => {
    const [, name = "", properties = "", text = ""] = /^\s*::(\S+?)(?: (.*?))?::(.*)$/.exec(line) ?? [];
    const old = /##\[/.test(line) ? [{ name: "##[", properties: "", text: line }] : [];
    return name === "" ? old : [{ name, properties: undone(properties), text: undone(text) }, ...old];
  });
}

/** What later steps see of a step's outputs. */
function outputsIn(file: string): Record<string, string> {
  const entries = [...file.matchAll(/^(.+)<<(.+)\n([^]*?)\n\2\n/gm)];
  expect(entries.map(([whole]) => whole).join("")).toBe(file);
  return Object.fromEntries(entries.map(([, name, , value]) => [name, value])) as Record<string, string>;
}

describe("under GitHub Actions", () => {
  test("following writes groups, a summary and outputs", async () => {
    const env = github();
    const runId = freshId("github");
    const args = ["run", "gate.tsx", "--run-id", runId, "-w", "--on-approval", "approve"];
    const { stdout, stderr, exitCode } = await cli(args, { env });
    expect(exitCode).toBe(0);
    const names = commandsIn(stdout).map(({ name }) => name);
    expect(names).toEqual(["group", "endgroup", "group", "endgroup", "group", "endgroup"]);
    expect(stdout).toMatch(
      /^::group:: +\S+ +build +finished \(attempt 1\) in .*\n.*build +started.*\n::endgroup::$/m,
    );
    expect(stdout).toMatch(/run +finished\n$/);
    expect(commandsIn(stderr)).toEqual([]);

    const summary = await readFile(env.GITHUB_STEP_SUMMARY, "utf8");
    expect(summary).toMatch(/^### gate: finished after /);
    expect(summary).toMatch(/^\| build \| finished \| 1 \| \d\.\ds \|$/m);
    expect(outputsIn(await readFile(env.GITHUB_OUTPUT, "utf8"))).toEqual({
      "run-id": runId,
      status: "finished",
    });
  });

  test("nothing that the server says can forge a command, a cell, an output or a case", async () => {
    const env = github();
    const junit = join(folder, "junit.xml");
    const runId = freshId("hostile");
    const args = ["run", "hostile.tsx", "--run-id", runId, "-w", "--junit", junit];
    const { stdout, stderr, exitCode } = await cli(args, { env });
    expect(exitCode).toBe(1);
    expect(commandsIn(stdout).map(({ name }) => name)).toEqual(Array(3).fill(["group", "endgroup"]).flat());
    const annotations = commandsIn(stderr);
    expect(annotations.map(({ name }) => name)).toEqual(["error", "error"]);
    expect(annotations[0]).toMatchObject({
      properties: "title=::error::forged",
      text: expect.stringMatching(/^first\n::set-output name=run-id::forged\n#\\u0023\[error\]/) as string,
    });

    const summary = await readFile(env.GITHUB_STEP_SUMMARY, "utf8");
    const rows = summary.split("\n").filter((line) => line.startsWith("|"));
    expect(rows).toHaveLength(5);
    for (const row of rows) expect(row.match(/\|/g)).toHaveLength(5);
    // One diagram, which nothing in it ends, with a section for each node and no text of the server's but its name.
    expect(summary.match(/^```.*$/gm)).toEqual(["```mermaid", "```"]);
    const [diagram = ""] = /^```mermaid\n[^]*?\n```$/m.exec(summary) ?? [];
    expect(diagram.match(/^ {2}section .*$/gm)).toEqual([
      "  section __add-mask__secret",
      "  section ___add-mask_a_b_img src_x___0A",
      "  section __error__forged",
    ]);
    expect(diagram.replaceAll(/^ {2}section .*$/gm, "")).toMatch(
      /^```mermaid\n---\ndisplayMode: compact\n---\ngantt\n( {2}[a-zA-Z]+ [%:\w, ]*\n|\n)+```$/,
    );
    // Neither markup nor a character that could begin some.
    expect(summary.replace(diagram, "").replaceAll(/<\/?code>/g, "")).not.toMatch(/[<`]|\]\(/);
    expect(outputsIn(await readFile(env.GITHUB_OUTPUT, "utf8"))).toEqual({
      "run-id": runId,
      status: "failed",
    });

    const report = await readFile(junit, "utf8");
    expect(report.match(/<testcase /g)).toHaveLength(3);
    expect(report.match(/<failure /g)).toHaveLength(1);
    expect(report).toMatch(/<testcase name="::error::forged"/);
    // Every "<" starts an element of ours, every "&" an entity, and no character is there that XML forbids.
    expect(report).not.toMatch(/<(?!\/?(\?xml|testsuites?|properties|property|testcase|failure)\b)/);
    expect(report).not.toMatch(/&(?!(amp|lt|gt|quot|apos);)/);
    // eslint-disable-next-line no-control-regex
    expect(report).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);

    // What other commands print is as harmless.
    for (const command of ["status", "frames", "watch"]) {
      const shown = await cli([command, runId, "--json"], { env });
      expect(commandsIn(shown.stdout + shown.stderr)).toEqual([]);
    }
    for (const command of ["status", "frames"])
      expect(commandsIn((await cli([command, runId], { env })).stdout)).toEqual([]);
    const events = (await cli(["watch", runId, "--json"], { env })).stdout.trimEnd().split("\n");
    const plain = (await cli(["watch", runId, "--json"])).stdout.trimEnd().split("\n");
    expect(events.map((line) => JSON.parse(line) as unknown)).toEqual(
      plain.map((line) => JSON.parse(line) as unknown),
    );
  });

  test("a gate that is waited for is a notice; a run that is left waiting is an error, told everywhere", async () => {
    const env = github();
    const runId = freshId("waits");
    const junit = join(folder, "reports", "junit.xml");
    const args = ["run", "gate.tsx", "--run-id", runId, "-w", "--on-approval", "exit", "--junit", junit];
    const { stderr, exitCode } = await cli(args, { env });
    expect(exitCode).toBe(3);
    expect(commandsIn(stderr)).toEqual([
      {
        name: "notice",
        properties: "title=gate",
        text: `waits for approval (Ship it?); to decide it: smithers-client approve -- ${runId} gate`,
      },
      { name: "error", properties: `title=run ${runId}`, text: "waiting-approval" },
    ]);
    expect(await readFile(env.GITHUB_STEP_SUMMARY, "utf8")).toMatch(/^### gate: waiting-approval after/);
    expect(outputsIn(await readFile(env.GITHUB_OUTPUT, "utf8"))["status"]).toBe("waiting-approval");
    expect(await readFile(junit, "utf8")).toMatch(
      /<testcase name="run".*>\s*<error message="waiting-approval"\/>/,
    );

    // The same run, followed from elsewhere until the time is up.
    const late = {
      ...env,
      GITHUB_STEP_SUMMARY: join(folder, "late.md"),
      GITHUB_OUTPUT: join(folder, "late"),
    };
    const left = await cli(["watch", runId, "--timeout", "1s", "--junit", junit], { env: late });
    expect(left.exitCode).toBe(124);
    expect(commandsIn(left.stderr).at(-1)).toMatchObject({
      name: "error",
      text: expect.stringContaining("--timeout of 1.0s ran out") as string,
    });
    expect(await readFile(late.GITHUB_STEP_SUMMARY, "utf8")).toContain("ran out");
    expect(outputsIn(await readFile(late.GITHUB_OUTPUT, "utf8"))).toEqual({
      "run-id": runId,
      status: "waiting-approval",
    });
    expect(await readFile(junit, "utf8")).toMatch(
      /<error message="--timeout of 1.0s ran out; run .* continues"\/>/,
    );
  });

  test("--json leaves stdout and stderr to JSON, and the files are written all the same", async () => {
    const env = github();
    const { stdout, stderr, exitCode } = await cli(["run", "quick.tsx", "-w", "--json"], { env });
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    for (const line of stdout.trimEnd().split("\n")) JSON.parse(line);
    expect(await readFile(env.GITHUB_STEP_SUMMARY, "utf8")).toMatch(/^### quick: finished/);
  });

  test("--ci none is as anywhere else, and --ci github writes groups anywhere", async () => {
    const env = github();
    const none = await cli(["run", "quick.tsx", "-w", "--ci", "none"], { env });
    expect(none.stdout).not.toContain("::");
    await expect(stat(env.GITHUB_STEP_SUMMARY)).rejects.toThrow("ENOENT");
    expect((await cli(["run", "quick.tsx", "-w", "--ci", "github"])).stdout).toMatch(/^::group::/m);
  });

  test("a summary that cannot be written is said, and the exit code stays the run's", async () => {
    const env = { ...github(), GITHUB_STEP_SUMMARY: folder };
    const { stderr, exitCode } = await cli(["run", "quick.tsx", "-w"], { env });
    expect(exitCode).toBe(0);
    expect(stderr).toContain("a report could not be written: EISDIR");
  });
});

describe("elsewhere in CI", () => {
  test("lines are plain, and a silent while ends with a sign of life", async () => {
    const runId = freshId("alive");
    const args = ["run", "gate.tsx", "--run-id", runId, "-w", "--heartbeat", "300ms"];
    const following = startCli(args, { env: { CI: "true" } });
    let told = "";
    following.stderr.on("data", (text) => (told += String(text)));
    const says = `still following run ${runId}, whose status is waiting-approval: 1 of 2 known nodes done, gate has been waiting for approval for `;
    await waitUntil(() => told.includes(says));
    await whenUnlocked(() => client.approve({ runId, nodeId: "gate" }));
    const { stdout, exitCode } = await following;
    expect(exitCode).toBe(0);
    expect(stdout).not.toMatch(/still following|::/);
  });
});

describe("what is asked of following", () => {
  test("is checked before anything starts", async () => {
    const runId = freshId("unstarted");
    const run = (...flags: string[]) => cli(["run", "quick.tsx", "--run-id", runId, ...flags]);
    for (const [flags, says] of [
      [["-w", "--junit", folder], /--junit: cannot write/],
      [["-w", "--approve-only", "x"], /--approve-only can only be used with/],
      [["-w", "--ci", "jenkins"], /'jenkins' is not one of/],
      [["--on-approval", "approve"], /--on-approval can only be used with --watch/],
      [["--no-resume"], /--no-resume can only be used with --watch/],
    ] as const) {
      const { stdout, stderr, exitCode } = await run(...flags);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 4 });
      expect(stderr).toMatch(says);
    }
    await expect(client.getStatus({ runId })).rejects.toThrow("HTTP 404");
  });
});

describe("--junit", () => {
  test("has a case for each node of a run that was denied", async () => {
    const junit = join(folder, "junit.xml");
    const args = ["run", "gate.tsx", "-w", "--on-approval", "deny", "--junit", junit];
    expect((await cli(args)).exitCode).toBe(1);
    const report = await readFile(junit, "utf8");
    expect(report).toMatch(/<testsuite name="gate" tests="\d" failures="1" errors="0"/);
    expect(report).toMatch(/<testcase name="build" classname="gate" time="0\.\d{3}"\/>/);
    expect(report).toMatch(/<testcase name="gate".*>\s*<failure message="denied"\/>\s*<\/testcase>/);
  });
});
