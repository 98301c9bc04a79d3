import {
  isResumableStatus,
  isTerminalStatus,
  isWaitingStatus,
  knownStatuses,
} from "../../src/client/index.js";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { exitCodeHelp, exitCodeOfHttpStatus, exitCodes, worstExitCode } from "../../src/cli/exit-codes.js";
import { statusFacts } from "../../src/cli/status-table.js";
import { protocolServer } from "../faults/in-test.js";
import type { ProtocolServer } from "../faults/protocol-server.js";
import { runBinary } from "./run-cli.js";
import { runMain } from "./run-main.js";

interface StatusRow {
  status: string;
  terminal: boolean;
  waiting: boolean;
  resume: boolean;
  color: string | undefined;
  category: string;
  exitCode: number;
}

describe("the status table", () => {
  test.each`
    status                | terminal | waiting  | resume   | color        | category       | exitCode
    ${"running"}          | ${false} | ${false} | ${false} | ${"cyan"}    | ${"running"}   | ${3}
    ${"waiting-approval"} | ${false} | ${true}  | ${true}  | ${"yellow"}  | ${"waiting"}   | ${3}
    ${"waiting-event"}    | ${false} | ${true}  | ${true}  | ${"yellow"}  | ${"waiting"}   | ${3}
    ${"waiting-timer"}    | ${false} | ${true}  | ${true}  | ${"yellow"}  | ${"waiting"}   | ${3}
    ${"waiting-quota"}    | ${false} | ${true}  | ${true}  | ${"yellow"}  | ${"waiting"}   | ${3}
    ${"waiting-for-rain"} | ${false} | ${true}  | ${true}  | ${"yellow"}  | ${"waiting"}   | ${3}
    ${"paused"}           | ${false} | ${false} | ${true}  | ${"yellow"}  | ${"waiting"}   | ${3}
    ${"finished"}         | ${true}  | ${false} | ${false} | ${"green"}   | ${"done"}      | ${0}
    ${"continued"}        | ${true}  | ${false} | ${false} | ${"green"}   | ${"done"}      | ${5}
    ${"failed"}           | ${true}  | ${false} | ${true}  | ${"red"}     | ${"failed"}    | ${1}
    ${"cancelled"}        | ${true}  | ${false} | ${true}  | ${"yellow"}  | ${"cancelled"} | ${2}
    ${"archived"}         | ${true}  | ${false} | ${true}  | ${undefined} | ${"pending"}   | ${5}
    ${"constructor"}      | ${true}  | ${false} | ${true}  | ${undefined} | ${"pending"}   | ${5}
  `("$status", ({ status: name, terminal, waiting, resume, color, category, exitCode }: StatusRow) => {
    expect(statusFacts(name)).toEqual({ color, category, exitCode });
    expect([isTerminalStatus(name), isWaitingStatus(name), isResumableStatus(name)]).toEqual([
      terminal,
      waiting,
      resume,
    ]);
  });

  test("has every known status", () => {
    expect(knownStatuses).toHaveLength(10);
  });

  test("maps only finished to exit code 0", () => {
    const done = knownStatuses.filter((status) => statusFacts(status).exitCode === exitCodes.done);
    expect(done).toEqual(["finished"]);
  });
});

describe("the exit code", () => {
  test.each([
    ...[400, 402, 404, 405, 406, 409, 410, 413, 414, 415, 418, 422, 431, 451].map(
      (status) => [status, 4] as const,
    ),
    ...[401, 403, 407].map((status) => [status, 6] as const),
    ...[301, 302, 308, 408, 425, 429, 500, 501, 502, 503, 504, 507, 599].map(
      (status) => [status, 5] as const,
    ),
  ])("for HTTP %d is %d", (status, code) => {
    expect(exitCodeOfHttpStatus(status)).toBe(code);
  });

  test("for several runs is the worst one's", () => {
    const order = [0, 3, 2, 1, 4, 6, 5, 70];
    for (const [index, code] of order.entries()) {
      for (const better of order.slice(0, index + 1)) {
        expect(worstExitCode([better, code])).toBe(code);
        expect(worstExitCode([code, better])).toBe(code);
      }
    }
    expect(worstExitCode([])).toBe(0);
  });

  test("is always one that the help explains", () => {
    const explained = exitCodeHelp.flatMap(([code]) => code.split(", ").map(Number));
    expect(new Set(explained)).toEqual(new Set(Object.values(exitCodes)));
  });
});

/** Starts a server with a run of each status and its events. */
async function serverWith(...statuses: string[]): Promise<ProtocolServer> {
  const server = await protocolServer();
  for (const status of statuses) {
    server.addRun(`run-${status}`, { status: status === "never" ? "running" : status, finishedAtMs: 2 });
    server.publish(`run-${status}`, { type: "RunStarted", runId: `run-${status}`, timestampMs: 1 });
    if (isTerminalStatus(status))
      server.publish(`run-${status}`, {
        type: "RunStatusChanged",
        runId: `run-${status}`,
        status,
        timestampMs: 2,
      });
  }
  return server;
}

describe("following", () => {
  test.each([
    ["finished", 0],
    ["failed", 1],
    ["cancelled", 2],
    ["continued", 5],
  ])("a run that is %s exits with %d", async (status, code) => {
    const { baseUrl } = await serverWith(status);
    const result = await runMain(["watch", `run-${status}`], { baseUrl });
    expect(result.exitCode).toBe(code);
    if (code === 5) expect(result.stderr).toContain("'continued' does not say how the run's work ends");
  });

  test.each([
    [["finished", "cancelled"], 2],
    [["cancelled", "failed", "finished"], 1],
    [["failed", "continued"], 5],
  ])("runs that ended as %j exit with %d, the worst code", async (statuses, code) => {
    const { baseUrl } = await serverWith(...statuses);
    expect(
      (await runMain(["watch", ...statuses.map((status) => `run-${status}`)], { baseUrl })).exitCode,
    ).toBe(code);
  });

  test("a run that can no longer be followed exits with the code of the error", async () => {
    const server = await serverWith("finished", "never");
    server.misbehave("events", { kind: "answer", status: 403 }, { kind: "answer", status: 403 });
    const result = await runMain(["watch", "run-finished", "run-never"], { baseUrl: server.baseUrl });
    expect(result.exitCode).toBe(6);
  });
});

describe("status --exit-status", () => {
  test.each([
    ["running", 3],
    ["paused", 3],
    ["waiting-timer", 3],
    ["finished", 0],
    ["failed", 1],
    ["cancelled", 2],
  ])("for a run that is %s exits with %d", async (status, code) => {
    const server = await serverWith("finished");
    server.setStatus("run-finished", status, null);
    const args = ["status", "run-finished", "--json"];
    expect((await runMain([...args, "--exit-status"], { baseUrl: server.baseUrl })).exitCode).toBe(code);
    expect((await runMain(args, { baseUrl: server.baseUrl })).exitCode).toBe(0);
  });

  test("for a run that continues as a new one exits with the code of the new one", async () => {
    const server = await serverWith("failed");
    server.addRun("old", { status: "continued", finishedAtMs: 2 });
    for (const event of [
      { type: "RunStarted", runId: "old", timestampMs: 1 },
      { type: "RunContinuedAsNew", runId: "old", newRunId: "run-failed", timestampMs: 2 },
    ])
      server.publish("old", event);
    const result = await runMain(["status", "old", "--exit-status", "--json"], { baseUrl: server.baseUrl });
    expect(result.exitCode).toBe(1);
    expect(JSON.parse(result.stdout)).toMatchObject({ status: "continued" });
  });
});

describe("cancel", () => {
  test.each(["finished", "failed"])("is refused for a run that has already %s", async (status) => {
    const { baseUrl } = await serverWith(status);
    const result = await runMain(["cancel", `run-${status}`], { baseUrl });
    expect(result).toMatchObject({ stdout: "", exitCode: 4 });
    expect(result.stderr).toContain(`it has already ended: ${status}`);
  });

  test("changes nothing for a run that is already cancelled", async () => {
    const { baseUrl } = await serverWith("cancelled");
    expect(await runMain(["cancel", "run-cancelled"], { baseUrl })).toMatchObject({
      stdout: "run run-cancelled is cancelled already\n",
      exitCode: 0,
    });
    expect((await runMain(["cancel", "run-cancelled", "-w"], { baseUrl })).exitCode).toBe(0);
  });

  test.each([
    ["finished", 4],
    ["cancelled", 0],
  ])("uses a newer server's answer for a run that is %s: exits with %d", async (terminalStatus, code) => {
    const server = await serverWith("finished");
    server.misbehave("cancel", {
      kind: "answer",
      status: 200,
      body: { won: false, terminalStatus, runId: "run-finished" },
    });
    expect((await runMain(["cancel", "run-finished"], { baseUrl: server.baseUrl })).exitCode).toBe(code);
  });

  test.each([
    ["cancelled", 0],
    ["finished", 4],
    ["failed", 1],
  ])("-w for a run that ends as %s exits with %d", async (status, code) => {
    const server = await serverWith(status);
    server.misbehave("cancel", { kind: "answer", status: 200, body: { runId: `run-${status}` } });
    const result = await runMain(["cancel", `run-${status}`, "-w"], { baseUrl: server.baseUrl });
    expect(result.exitCode).toBe(code);
    expect(result.stderr.includes("was not cancelled")).toBe(code !== 0);
  });
});

describe("if the reader of stdout goes away", () => {
  async function reportOf(server: ProtocolServer, runId: string, readerTakes: number, env = {}) {
    const folder = await mkdtemp(join(tmpdir(), "smithers-client-reader-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "report.xml");
    const options = { baseUrl: server.baseUrl, readerTakes, env };
    const result = await runMain(["watch", runId, "--junit", file], options);
    return { ...result, report: await readFile(file, "utf8") };
  }

  test("before the run ends, the exit code is 141 and the report says so", async () => {
    const { exitCode, stderr, report } = await reportOf(await serverWith("never"), "run-never", 0);
    expect({ exitCode, stderr }).toEqual({ exitCode: 141, stderr: "" });
    expect(report).toMatch(/errors="1".*<error message="stdout was closed before the run/s);
  });

  test("after all output of a failed run, the exit code is the run's", async () => {
    const { exitCode, report } = await reportOf(await serverWith("failed"), "run-failed", 1);
    expect(exitCode).toBe(1);
    expect(report).toContain('errors="1"');
  });

  test("after a failed run's end but before the last output, the exit code is the run's", async () => {
    const server = await serverWith("failed");
    // The output of a node that has not ended is written after the run's end.
    const left = { runId: "run-failed", nodeId: "n", iteration: 0, timestampMs: 2 };
    server.publish("run-failed", { type: "NodeStarted", ...left });
    const { exitCode, report } = await reportOf(server, "run-failed", 1, { GITHUB_ACTIONS: "true" });
    expect(exitCode).toBe(1);
    expect(report).toContain('message="failed"');
  });

  test("while a document is printed, the exit code does not change", async () => {
    const server = await serverWith("failed");
    const options = { baseUrl: server.baseUrl, readerTakes: 0 };
    expect((await runMain(["ls"], options)).exitCode).toBe(0);
    expect((await runMain(["status", "run-failed"], options)).exitCode).toBe(0);
    expect((await runMain(["status", "run-failed", "--exit-status"], options)).exitCode).toBe(1);
    expect((await runMain(["--help"], options)).exitCode).toBe(0);
  });
});

describe("a bug in the client", () => {
  const broken = (thrown: Error) => ({
    baseUrl: "http://127.0.0.1:1",
    stdin: {
      isTTY: false,
      bytes: () => Promise.reject(thrown),
      question: async () => undefined,
      listen: () => {},
    },
  });
  const args = ["run", "x.tsx", "--input", "-"];

  test("exits with 70 and says in one line how to report it", async () => {
    const { exitCode, stderr } = await runMain(args, broken(new TypeError("x is not\na function")));
    expect(exitCode).toBe(70);
    expect(stderr).toMatch(
      /^error: this is a bug in smithers-client \(TypeError: x is not a function\); .*npm bugs.*\n$/,
    );
  });

  test("prints its stack with --debug, and an object with --json", async () => {
    const error = new TypeError("oh");
    expect((await runMain([...args, "--debug"], broken(error))).stderr).toMatch(/^TypeError: oh\n {4}at /m);
    const { stderr } = await runMain([...args, "--json"], broken(error));
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "BUG" } });
  });

  test.each([undefined, null, "text", { code: "EPIPE" }])(
    "is also reported if %j is thrown",
    async (thrown) => {
      expect((await runMain(args, broken(thrown as unknown as Error))).exitCode).toBe(70);
    },
  );

  test.each([
    ["an error", "setTimeout(() => { throw new TypeError('oh'); }, 100)"],
    ["a rejection", "setTimeout(() => { Promise.reject(new TypeError('oh')); }, 100)"],
  ])("also exits with 70 if it is %s that is not caught", async (_, code) => {
    const server = await serverWith("never");
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}` };
    const options = { baseUrl: server.baseUrl, env };
    const text = await runBinary(["watch", "run-never"], options);
    expect(text.exitCode).toBe(70);
    expect(text.stderr).toMatch(/^error: this is a bug in smithers-client \(TypeError: oh\); .*\n$/);
    const json = await runBinary(["watch", "run-never", "--json"], options);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "BUG" } });
    expect((await runBinary(["watch", "run-never", "--debug"], options)).stderr).toMatch(
      /^TypeError: oh\n {4}at /m,
    );
  });
});

test("a full disk exits with 4", async () => {
  const server = await serverWith("finished");
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    syscall: "write",
  });
  const stdout = {
    isTTY: false,
    columns: undefined,
    rows: undefined,
    terminal: undefined,
    write: () => Promise.reject(full),
    onResize: () => () => {},
  };
  const result = await runMain(["ls"], { baseUrl: server.baseUrl, stdout });
  expect(result.exitCode).toBe(4);
  expect(result.stderr).toContain("cannot write the output: ENOSPC");
});
