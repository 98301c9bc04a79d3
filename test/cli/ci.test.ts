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

/** Returns the commands that GitHub's runner finds in a log, with their properties and text unescaped. */
function commandsIn(log: string): { name: string; properties: string; text: string }[] {
  const undone = (text: string) =>
    text.replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%0A", "\n").replaceAll("%25", "%");
  return log.split(/\r?\n|\r/).flatMap((line) => {
    const [, name = "", properties = "", text = ""] = /^\s*::(\S+?)(?: (.*?))?::(.*)$/.exec(line) ?? [];
    const old = /##\[/.test(line) ? [{ name: "##[", properties: "", text: line }] : [];
    return name === "" ? old : [{ name, properties: undone(properties), text: undone(text) }, ...old];
  });
}

/** Parses a `GITHUB_OUTPUT` file into the outputs that later steps see. */
function outputsIn(file: string): Record<string, string> {
  const entries = [...file.matchAll(/^(.+)<<(.+)\n([^]*?)\n\2\n/gm)];
  expect(entries.map(([whole]) => whole).join("")).toBe(file);
  return Object.fromEntries(entries.map(([, name, , value]) => [name, value])) as Record<string, string>;
}

describe("under GitHub Actions", () => {
  test("following a run writes groups, a summary, and outputs", async () => {
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

  test("text from the server cannot forge a command, a table cell, an output, or a test case", async () => {
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
    // One diagram, which no text inside it ends early. It has a section per node; the only server text is the name.
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
    // No markup, and no character that could start any.
    expect(summary.replace(diagram, "").replaceAll(/<\/?code>/g, "")).not.toMatch(/[<`]|\]\(/);
    expect(outputsIn(await readFile(env.GITHUB_OUTPUT, "utf8"))).toEqual({
      "run-id": runId,
      status: "failed",
    });

    const report = await readFile(junit, "utf8");
    expect(report.match(/<testcase /g)).toHaveLength(3);
    expect(report.match(/<failure /g)).toHaveLength(1);
    expect(report).toMatch(/<testcase name="::error::forged"/);
    // Every "<" starts one of our elements, every "&" starts an entity, and there are no characters that XML forbids.
    expect(report).not.toMatch(/<(?!\/?(\?xml|testsuites?|properties|property|testcase|failure)\b)/);
    expect(report).not.toMatch(/&(?!(amp|lt|gt|quot|apos);)/);
    // eslint-disable-next-line no-control-regex
    expect(report).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);

    // Other commands do not print runner commands either.
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

  test("an open approval is a notice; a run left waiting is an error in every report", async () => {
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

    // Another process follows the same run until --timeout runs out.
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

  test("--json prints only JSON, and the summary is still written", async () => {
    const env = github();
    const { stdout, stderr, exitCode } = await cli(["run", "quick.tsx", "-w", "--json"], { env });
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    for (const line of stdout.trimEnd().split("\n")) JSON.parse(line);
    expect(await readFile(env.GITHUB_STEP_SUMMARY, "utf8")).toMatch(/^### quick: finished/);
  });

  test("--ci none prints no groups, and --ci github prints groups anywhere", async () => {
    const env = github();
    const none = await cli(["run", "quick.tsx", "-w", "--ci", "none"], { env });
    expect(none.stdout).not.toContain("::");
    await expect(stat(env.GITHUB_STEP_SUMMARY)).rejects.toThrow("ENOENT");
    expect((await cli(["run", "quick.tsx", "-w", "--ci", "github"])).stdout).toMatch(/^::group::/m);
  });

  test("a summary that cannot be written is reported, and the exit code stays the run's", async () => {
    const env = { ...github(), GITHUB_STEP_SUMMARY: folder };
    const { stderr, exitCode } = await cli(["run", "quick.tsx", "-w"], { env });
    expect(exitCode).toBe(0);
    expect(stderr).toContain("a report could not be written: EISDIR");
  });
});

describe("on another CI system", () => {
  test("lines are plain, and a heartbeat is printed while the run is silent", async () => {
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

describe("the flags for following a run", () => {
  test("are checked before the run starts", async () => {
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
  test("writes a test case for each node of a denied run", async () => {
    const junit = join(folder, "junit.xml");
    const args = ["run", "gate.tsx", "-w", "--on-approval", "deny", "--junit", junit];
    expect((await cli(args)).exitCode).toBe(1);
    const report = await readFile(junit, "utf8");
    expect(report).toMatch(/<testsuite name="gate" tests="\d" failures="1" errors="0"/);
    expect(report).toMatch(/<testcase name="build" classname="gate" time="0\.\d{3}"\/>/);
    expect(report).toMatch(/<testcase name="gate".*>\s*<failure message="denied"\/>\s*<\/testcase>/);
  });
});
