import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { getStatus, type SmithersEvent } from "../../src/client/index.js";
import { sharedServer } from "../shared-server.js";
import { waitUntil } from "../wait-until.js";
import { cli, freshId, runBinary, startCli } from "./run-cli.js";

const baseUrl = sharedServer.baseUrl;
const statusIs = (runId: string, status: string) =>
  waitUntil(async () => (await getStatus({ baseUrl, runId }).catch(() => undefined))?.status === status);

/** Starts a run that needs no approval, waits until it finishes, and returns its id. */
async function finishedRun(): Promise<string> {
  const { stdout } = await cli(["run", "quick.tsx", "--run-id", freshId("quick")]);
  const runId = stdout.trim();
  await statusIs(runId, "finished");
  return runId;
}

async function waitingRun(workflow = "gate.tsx"): Promise<string> {
  const runId = freshId("gate");
  await cli(["run", workflow, "--run-id", runId]);
  await statusIs(runId, "waiting-approval");
  return runId;
}

describe("commands on a real server", () => {
  test("run, approve, resume -w, status, frames, and ls work together", async () => {
    const run = await cli(["run", "gate.tsx", "--input", '{"environment":"staging"}']);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toMatch(/^[0-9a-f-]{36}\n$/);
    const runId = run.stdout.trim();
    await statusIs(runId, "waiting-approval");

    const approved = await cli(["approve", runId, "--note", "fine", "--no-resume"]);
    expect(approved).toMatchObject({ exitCode: 0, stdout: `approved gate of run ${runId}\n` });

    const resumed = await cli(["resume", runId, "-w"]);
    expect(resumed.exitCode).toBe(0);
    // Earlier events are not shown again.
    expect(resumed.stdout).toMatch(/^ +\d+\.\ds {2}run +started\n/);
    expect(resumed.stdout).not.toMatch(/build|waiting for approval/);
    expect(resumed.stdout).toMatch(/ship +finished \(attempt 1\) in \d/);
    expect(resumed.stdout.trimEnd().split("\n").at(-1)).toMatch(/run +finished$/);

    const status = await cli(["status", runId, "--json"]);
    expect(JSON.parse(status.stdout)).toMatchObject({ runId, status: "finished", summary: { finished: 3 } });
    expect((await cli(["status", runId])).stdout).toMatch(/^status +finished$/m);

    const frames = await cli(["frames", runId, "--tail", "1"]);
    expect(frames.stdout).toMatch(/^frame \d+ {2}\d{4}-/);
    expect(frames.stdout).toMatch(/task gate \(needs approval\)/);

    const ls = await cli(["ls"]);
    expect(ls.stdout.split("\n")[0]).toMatch(/^RUN ID +WORKFLOW +STATUS +STARTED +TOOK$/);
    expect(ls.stdout).toContain(runId);
  });

  test("watch --json prints the server's events unchanged, one per line", async () => {
    const runId = await finishedRun();
    const { stdout, stderr, exitCode } = await cli(["watch", runId, "--json"]);
    const response = await fetch(`${baseUrl}/v1/runs/${runId}/events`);
    const sent = [...(await response.text()).matchAll(/^data: (.*)$/gm)]
      .map(([, data]) => `${data}\n`)
      .join("");
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: sent, stderr: "", exitCode: 0 });
  });

  test("watch --after-seq omits the events up to that number", async () => {
    const runId = await finishedRun();
    const all = (await cli(["watch", runId, "--json"])).stdout.trimEnd().split("\n");
    const rest = (await cli(["watch", runId, "--json", "--after-seq", "2"])).stdout.trimEnd().split("\n");
    expect(rest).toEqual(all.slice(3));
  });

  test("run -w follows the run to its end and prints its id to stderr", async () => {
    const runId = freshId("followed");
    const { stdout, stderr, exitCode } = await cli(["run", "quick.tsx", "--run-id", runId, "-w"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/run +finished$/m);
    expect(stderr).toContain(runId);
  });

  test("run -w prints the escaped error of a failed run and exits with 1", async () => {
    const { stdout, exitCode } = await cli(["run", "fails.tsx", "-w"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/failed \(attempt 1\) in .*\\u001b/);
    expect(stdout).toMatch(/retrying \(attempt 2\)/);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toMatch(/run +failed, see publish above\n$/);
    // Both attempts failed with the same error, which is printed once.
    expect(stdout.match(/^ {12}second line$/gm)).toHaveLength(1);
    expect(stdout).toMatch(/^ {16}at generate \(.*fails\.tsx:\d+:\d+\)$/m);
  });

  test("cancel ends a run, and watch exits with 2", async () => {
    const runId = freshId("slow");
    await cli(["run", "slow.tsx", "--run-id", runId]);
    await waitUntil(
      async () => (await getStatus({ baseUrl, runId }).catch(() => undefined))?.summary["in-progress"],
    );
    const watching = startCli(["watch", runId]);
    expect(await cli(["cancel", runId])).toMatchObject({
      exitCode: 0,
      stdout: `asked run ${runId} to cancel\n`,
    });
    const { stdout, exitCode } = await watching;
    expect(stdout).toMatch(/run +cancelled$/m);
    expect(exitCode).toBe(2);
  });

  test("deny and resume make the run fail", async () => {
    const runId = await waitingRun();
    expect(await cli(["deny", runId, "gate", "--note", "no"])).toMatchObject({
      exitCode: 0,
      stdout: `denied gate of run ${runId}\n`,
    });
    expect((await cli(["resume", runId, "-w"])).exitCode).toBe(1);
  });
});

describe("input", () => {
  const started = async (args: string[], options: Parameters<typeof cli>[1] = {}) => {
    const runId = freshId("input");
    const { exitCode, stderr } = await cli(["run", "quick.tsx", "--run-id", runId, ...args], options);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  };

  test("is read from a file", async () => {
    const file = join(sharedServer.root, `${freshId("input")}.json`);
    await writeFile(file, '\ufeff{"from":"file"}');
    await started(["--input", `@${file}`]);
  });

  test("is read from stdin", () => started(["--input", "-"], { input: '{"from":"stdin"}\n' }));
});

describe("approve and deny", () => {
  test("list the open approvals and decide nothing if there are several", async () => {
    const runId = await waitingRun("gates.tsx");
    const before = await getStatus({ baseUrl, runId });
    const { stdout, stderr, exitCode } = await cli(["approve", runId]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 4 });
    expect(stderr).toMatch(/2 open approvals: gate-a, gate-b/);
    expect(await getStatus({ baseUrl, runId })).toEqual(before);
    expect((await cli(["approve", runId, "gate-b"])).exitCode).toBe(0);
    expect((await cli(["approve", runId])).stdout).toBe(`approved gate-a of run ${runId}\n`);
  });

  test("exit with 4 if there is no open approval", async () => {
    const runId = await finishedRun();
    const { stderr, exitCode } = await cli(["approve", runId, "--json"]);
    expect(exitCode).toBe(4);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "NO_OPEN_APPROVAL" } });
  });

  test("accept a node id with special characters that a URL path allows", async () => {
    const runId = await waitingRun("odd-ids.tsx");
    expect((await cli(["approve", runId, "gate:prod@v1", "--no-resume"])).exitCode).toBe(0);
    expect((await cli(["resume", runId, "-w"])).exitCode).toBe(0);
  });
});

describe("resume", () => {
  test("accepts its arguments in the opposite order", async () => {
    const runId = await waitingRun();
    await cli(["approve", runId, "--no-resume"]);
    const { stdout, exitCode } = await cli(["resume", "./gate.tsx", runId]);
    expect({ stdout, exitCode }).toEqual({ stdout: `${runId}\n`, exitCode: 0 });
    await statusIs(runId, "finished");
  });
});

describe("ls", () => {
  test("-q prints only ids, and --limit and --status filter the runs", async () => {
    const runId = await finishedRun();
    const quiet = await cli(["ls", "-q", "--limit", "3", "--status", "finished"]);
    expect(quiet.stdout.trimEnd().split("\n")).toContain(runId);
    expect(quiet.stdout.trimEnd().split("\n").length).toBeLessThanOrEqual(3);
    const none = await cli(["ls", "--status", "no-such-status"]);
    expect(none).toMatchObject({ stdout: "", exitCode: 0 });
    const rows = JSON.parse((await cli(["ls", "--json"])).stdout) as { runId: string }[];
    expect(rows.map((row) => row.runId)).toContain(runId);
  });
});

describe("flags and settings", () => {
  test("global flags work before and after the command", async () => {
    const runId = await finishedRun();
    const before = await cli(["--json", "status", runId]);
    const after = await cli(["status", "--json", runId]);
    const byEnvironment = await cli(["status", runId], { env: { SMITHERS_FORMAT: "json" } });
    expect(JSON.parse(before.stdout)).toMatchObject({ runId });
    expect(after.stdout).toBe(before.stdout);
    expect(byEnvironment.stdout).toBe(before.stdout);
    const flag = await cli(["status", runId, "--base-url", `${baseUrl}/`], { baseUrl: "http://127.0.0.1:1" });
    expect(flag.exitCode).toBe(0);
  });

  test("--debug logs requests to stderr, but never the API key", async () => {
    const { stdout, stderr } = await cli(["ls", "-q", "--limit", "1", "--debug"], {
      env: { SMITHERS_API_KEY: "sk-s3cret" },
    });
    expect(stderr).toMatch(/^debug: GET http:.*\/v1\/runs\?limit=1 200/m);
    expect(stdout + stderr).not.toContain("s3cret");
  });

  test("colors are used only at a terminal or if they are forced", async () => {
    const runId = await finishedRun();
    const escape = "\u001b[";
    expect((await cli(["status", runId])).stdout).not.toContain(escape);
    expect((await cli(["status", runId], { env: { FORCE_COLOR: "1" } })).stdout).toContain(escape);
    expect((await cli(["status", runId, "--no-color"], { env: { FORCE_COLOR: "1" } })).stdout).not.toContain(
      escape,
    );
  });

  test("--timeout stops following the run, but does not cancel it", async () => {
    const runId = await waitingRun();
    const { stderr, exitCode } = await cli(["watch", runId, "--timeout", "1s"]);
    expect(exitCode).toBe(124);
    expect(stderr).toContain(`smithers-client watch -- ${runId}`);
    expect((await getStatus({ baseUrl, runId })).status).toBe("waiting-approval");
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s detaches, exits with %d, and says how to reattach", async (signal, code) => {
    const runId = await waitingRun();
    const watching = startCli(["watch", runId]);
    await new Promise((seen) => watching.stdout.once("data", seen));
    watching.kill(signal);
    const { stderr, exitCode } = await watching;
    expect(exitCode).toBe(code);
    expect(stderr).toContain(`smithers-client watch -- ${runId}`);
  });

  test("watch exits quietly with 141 if the reader of its output goes away", async () => {
    const runId = await waitingRun();
    const watching = startCli(["watch", runId]);
    await new Promise((seen) => watching.stdout.once("data", seen));
    watching.stdout.destroy();
    await cli(["approve", runId]);
    const { stderr, exitCode } = await watching;
    expect(exitCode).toBe(141);
    expect(stderr).not.toMatch(/error|EPIPE/);
  });
});

describe("help", () => {
  test.each([
    ["exit-codes", /^0 +done/],
    ["environment", /^SMITHERS_BASE_URL/],
    ["run-ids", /^@latest/],
  ])("has the topic %s", async (topic, begins) => {
    const { stdout, exitCode } = await cli(["help", topic]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(begins);
    expect((await cli(["--help"])).stdout).toContain(`help ${topic}`);
  });

  test.each([
    "run",
    "resume",
    "approve",
    "deny",
    "watch",
    "status",
    "frames",
    "cancel",
    "ls",
    "serve",
    "completion",
  ])("for %s has the usage, the flags, and two examples", async (command) => {
    const { stdout, exitCode } = await cli([command, "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Usage: smithers-client /);
    expect(stdout).toContain("--base-url <url>");
    const examples = stdout.split("Examples:\n")[1]?.trimEnd().split("\n") ?? [];
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const line of examples) expect(line).toContain(`smithers-client ${command}`);
  });

  test("--version prints the package's version", async () => {
    const { default: manifest } = await import("../../package.json", { with: { type: "json" } });
    expect((await runBinary(["--version"])).stdout).toBe(`${manifest.version}\n`);
  });
});

test("watch --json starts with RunStarted and ends with RunFinished", async () => {
  const runId = await finishedRun();
  const lines = (await cli(["watch", runId, "--json"])).stdout.trimEnd().split("\n");
  const types = lines.map((line) => (JSON.parse(line) as SmithersEvent).type);
  expect(types[0]).toBe("RunStarted");
  expect(types.at(-1)).toBe("RunFinished");
});
