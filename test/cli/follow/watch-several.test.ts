import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createClient, type SmithersEvent } from "../../../src/client/index.js";
import {
  answer,
  block,
  chunk,
  errorBody,
  lastChunk,
  RawServer,
  streamHead,
} from "../../faults/raw-server.js";
import { startRealServer } from "../../real-server.js";
import { sharedServer } from "../../shared-server.js";
import { waitUntil } from "../../wait-until.js";
import { startInTerminal } from "../binary-terminal.js";
import { cli, freshId, startCli } from "../run-cli.js";

const baseUrl = sharedServer.baseUrl;
const client = createClient({ baseUrl });
const statusOf = async (runId: string) => (await client.getStatus({ runId }).catch(() => undefined))?.status;

async function start(workflowPath: string, name: string, input: object = {}): Promise<string> {
  const runId = freshId(name);
  await client.runWorkflow({ workflowPath, input, runId });
  return runId;
}
async function waiting(name: string): Promise<string> {
  const runId = await start("gate.tsx", name);
  await waitUntil(async () => (await statusOf(runId)) === "waiting-approval");
  return runId;
}

describe("watch with several run ids", () => {
  test("labels each line with the run's shortest unique prefix, and exits with the worst result", async () => {
    const runs = [await start("quick.tsx", "one"), await start("fails.tsx", "two"), await waiting("three")];
    const args = ["watch", ...runs, runs[0] ?? "", "--on-approval", "approve"];
    const { stdout, stderr, exitCode } = await cli(args);
    expect(exitCode).toBe(1);
    const lines = stdout.trimEnd().split("\n");
    for (const line of lines)
      expect(line).toMatch(
        /^((one-\w{4}|two-\w{4}|three-\w\w) {2} +\d|two-\w{4} {14}\S|two-\w{4} {18}(at |…))/,
      );
    expect(stdout).toMatch(/^one-\w+ .* run +finished$/m);
    expect(stdout).toMatch(/^two-\w+ .* run +failed, see publish above$/m);
    expect(stdout).toMatch(/^three-\w+ .* run +finished$/m);
    // A run that is named twice is followed once.
    expect(lines.filter((line) => /^one-\w+ .* run +started$/.test(line))).toHaveLength(1);
    expect(stderr).toMatch(/^three-\w\w {2}approved gate$/m);
  });

  test("prints unchanged events with --json, each with its run's id", async () => {
    const runs = [await start("quick.tsx", "json"), await start("quick.tsx", "json")];
    const { stdout, stderr, exitCode } = await cli(["watch", ...runs, "--json"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as SmithersEvent);
    for (const runId of runs) {
      const alone = await cli(["watch", runId, "--json"]);
      const own = events.filter((event) => event.runId === runId);
      expect(own.map((event) => JSON.stringify(event) + "\n").join("")).toBe(alone.stdout);
    }
  });

  test("exits with 3 if a run is left at its approval, and with 2 if one is cancelled", async () => {
    const [gate, quick] = [await waiting("stays"), await start("quick.tsx", "ends")];
    expect((await cli(["watch", gate, quick, "--on-approval", "exit"])).exitCode).toBe(3);
    const slow = await start("slow.tsx", "slow");
    const watching = startCli(["watch", gate, quick, slow, "--on-approval", "exit"]);
    await waitUntil(async () => (await client.cancel({ runId: slow }).catch(() => undefined)) !== undefined);
    expect((await watching).exitCode).toBe(2);
  });

  test("shows nothing if one of the runs does not exist", async () => {
    const { stdout, stderr, exitCode } = await cli(["watch", await waiting("there"), "no-such-run"]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 4 });
    expect(stderr).toContain("/v1/runs/no-such-run");
  });

  test("detaches from runs in progress at Ctrl-C, and says how to come back", async () => {
    const [first, second, done] = [await waiting("a"), await waiting("b"), await start("quick.tsx", "c")];
    const watching = startCli(["watch", first, second, done, "--heartbeat", "300ms"]);
    let told = "";
    watching.stderr.on("data", (text) => (told += String(text)));
    await waitUntil(() => told.includes("still following 2 runs\n"));
    watching.kill("SIGINT");
    const { stderr, exitCode } = await watching;
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(/2 runs continue/);
    expect(stderr).toContain(`smithers-client watch -- ${first} ${second}\n`);
  });

  test("cancels runs in progress with --cancel-on-timeout", async () => {
    const slow = [await start("slow.tsx", "t1", { ms: 3000 }), await start("slow.tsx", "t2", { ms: 3000 })];
    await waitUntil(async () => {
      const all = await Promise.all(slow.map((runId) => client.getStatus({ runId }).catch(() => undefined)));
      return all.every((status) => status?.summary["in-progress"]);
    });
    const flags = ["--timeout", "1s", "--cancel-on-timeout"];
    const { stderr, exitCode } = await cli(["watch", ...slow, ...flags]);
    expect(exitCode).toBe(124);
    for (const runId of slow) {
      expect(stderr).toContain(`run ${runId} is cancelled`);
      expect(await statusOf(runId)).toBe("cancelled");
    }
  });

  test.each([
    ["no run at all", [], /--all/],
    ["--all and a name", ["x", "--all"], /--all follows every run/],
    ["a place in several runs", ["x", "y", "--after-seq", "3"], /one run/],
    ["one report of several runs", ["x", "y", "--junit", "report.xml"], /one run/],
  ])("refuses %s before it sends a request", async (_, args, says) => {
    const { stderr, exitCode } = await cli(["watch", ...args, "--debug"]);
    expect(exitCode).toBe(4);
    expect(stderr).not.toContain("debug:");
    expect(stderr).toMatch(says);
  });
});

test("--all follows runs that have not ended, and says so if there are none", async () => {
  const own = await startRealServer();
  try {
    const options = { baseUrl: own.baseUrl };
    expect(await cli(["watch", "--all"], options)).toEqual({
      stdout: "",
      stderr: "no run is in progress\n",
      exitCode: 0,
    });
    expect(await cli(["watch", "--all", "--json"], options)).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    await cli(["run", "quick.tsx", "--run-id", "over", "--watch"], options);
    await cli(["run", "gate.tsx", "--run-id", "open-1"], options);
    await cli(["run", "gate.tsx", "--run-id", "open-2"], options);
    const { stdout, exitCode } = await cli(["watch", "--all", "--on-approval", "approve"], options);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^open-1 .* run +finished$/m);
    expect(stdout).toMatch(/^open-2 .* run +finished$/m);
    expect(stdout).not.toContain("over");
  } finally {
    await own.stop();
  }
});

test("approvals of several runs are asked about one at a time, each with its run's label", async () => {
  const runs = [await waiting("q1"), await waiting("q2")];
  const [first = "", second = ""] = runs;
  const terminal = startInTerminal(["watch", ...runs, "--plain"]);
  try {
    const screen = await terminal.shows(/approve, deny or skip\?/);
    expect(screen.match(/approve, deny or skip/g)).toHaveLength(1);
    const asked = /^(q\d)\S* +gate waits for approval/m.exec(screen)?.[1];
    const [own, other] = asked === "q1" ? [first, second] : [second, first];
    terminal.type("a");
    terminal.press("Enter");
    await terminal.shows(/note \(may be empty\)/);
    expect(await statusOf(other)).toBe("waiting-approval");
    terminal.press("Enter");
    // The next question comes after the first was answered, and needs an answer of its own.
    await terminal.shows(new RegExp(`${other.slice(0, 2)}\\S* +gate waits for approval`));
    await waitUntil(async () => (await statusOf(own)) === "finished");
    terminal.type("d");
    terminal.press("Enter");
    await terminal.shows(/note \(may be empty\): *$/m);
    terminal.press("Enter");
    expect(await terminal.ended()).toBe(1);
    expect(await statusOf(own)).toBe("finished");
    expect(await statusOf(other)).toBe("failed");
  } finally {
    await terminal.close();
  }
});

describe("with a server that misbehaves", () => {
  const servers: RawServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));
  const runIdIn = (path: string) => /^\/v1\/runs\/([^/?]+)/.exec(path)?.[1] ?? "";
  const event = (type: string, runId: string, more: object = {}) => ({
    type,
    runId,
    timestampMs: 1000,
    ...more,
  });

  /** A server of runs that end at once, unless `stream` responds itself; `first` continues as another run. */
  async function serve(stream: (runId: string, socket: Socket) => boolean): Promise<string> {
    const server = await RawServer.start(({ path }, socket) => {
      const runId = runIdIn(path);
      if (!path.includes("/events")) {
        const status = runId === "first" ? "continued" : "finished";
        socket.write(answer(200, { runId, status, startedAtMs: 1000, finishedAtMs: 1000, summary: {} }));
      } else if (!stream(runId, socket)) {
        socket.write(streamHead);
        socket.write(
          Buffer.concat([
            chunk(`retry: 100\n\n${block(event("RunStarted", runId))}${block(event("RunFinished", runId))}`),
            Buffer.from(lastChunk),
          ]),
        );
      }
    });
    servers.push(server);
    return server.baseUrl;
  }

  test("exits with 5 if a stream is lost for good, and follows the others to their end", async () => {
    let streams = 0;
    const lossy = await serve((runId, socket) => {
      if (runId !== "lost") return false;
      if (++streams > 1) return socket.write(answer(404, errorBody("NOT_FOUND", "Run not found")));
      socket.write(streamHead);
      socket.write(chunk(`retry: 100\n\n${block(event("RunStarted", runId))}`), () => socket.destroy());
      return true;
    });
    const { stdout, stderr, exitCode } = await cli(["watch", "lost", "kept"], { baseUrl: lossy });
    expect(exitCode).toBe(5);
    expect(stdout).toMatch(/^lost .* run +started$/m);
    expect(stdout).toMatch(/^kept .* run +finished$/m);
    expect(stderr).toMatch(/^error: 1 of 2 runs could not be followed to the end: lost run lost: /m);
    expect(stderr).toMatch(/^next: +smithers-client watch -- lost$/m);
    streams = 0;
    const json = await cli(["watch", "lost", "kept", "--json"], { baseUrl: lossy });
    expect(json.exitCode).toBe(5);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "RUNS_LOST" } });
  });

  test("a run that continues as another one keeps its label", async () => {
    const continuing = await serve((runId, socket) => {
      if (runId !== "first") return false;
      socket.write(streamHead);
      const events = [
        event("RunStarted", runId),
        event("RunContinuedAsNew", runId, { newRunId: "second-life" }),
      ];
      socket.write(Buffer.concat([chunk(events.map(block).join("")), Buffer.from(lastChunk)]));
      return true;
    });
    const { stdout, stderr, exitCode } = await cli(["watch", "first", "other"], { baseUrl: continuing });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^first .* run +continues as run second-life$/m);
    expect(stdout).toMatch(/^first .* run +finished$/m);
    expect(stderr).toMatch(/^first +run first continues as run second-life/m);
  });

  test("follows two hundred runs at once, each to its end", async () => {
    const many = await serve(() => false);
    const runs = Array.from({ length: 200 }, (_, index) => `run-${index}`);
    const { stdout, stderr, exitCode } = await cli(["watch", ...runs], { baseUrl: many });
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const ended = [...stdout.matchAll(/^(run-\d+) .* run +finished$/gm)].map(([, label]) => label);
    expect(new Set(ended)).toEqual(new Set(runs));
  });
});
