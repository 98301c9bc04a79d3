import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi, type TestContext } from "vitest";
import { GithubLines } from "../../src/cli/ci/github-lines.js";
import {
  formatAgo,
  formatDuration,
  formatRunningTime,
  formatTime,
  parseDuration,
} from "../../src/cli/describe/duration.js";
import { errorText } from "../../src/cli/describe/error-text.js";
import { heartbeat } from "../../src/cli/formats/heartbeat.js";
import { escapeControls } from "../../src/cli/terminal/escape-controls.js";
import { startTimer } from "../../src/cli/timer.js";
import type { SmithersEvent } from "../../src/client/index.js";
import { protocolServer } from "../faults/in-test.js";
import { runMain } from "./run-main.js";
import { styleOf } from "./style.js";

const day = 86_400_000;

describe("a timer", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.each([1, 1000, 2 ** 31 - 1, 2 ** 31, 25 * day, 1000 * day])("of %d ms fires exactly then", (ms) => {
    const fire = vi.fn();
    startTimer(ms, fire);
    vi.advanceTimersByTime(ms - 1);
    expect(fire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fire).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(2000 * day);
    expect(fire).toHaveBeenCalledOnce();
  });

  test("restarts, stops, and never fires if it is infinite", () => {
    const fire = vi.fn();
    const timer = startTimer(30 * day, fire);
    vi.advanceTimersByTime(29 * day);
    timer.restart();
    vi.advanceTimersByTime(29 * day);
    expect(fire).not.toHaveBeenCalled();
    timer.stop();
    startTimer(Infinity, fire).restart();
    vi.advanceTimersByTime(100 * day);
    expect(fire).not.toHaveBeenCalled();
    vi.clearAllTimers();
  });

  test("triggers a heartbeat every 600 hours", () => {
    const say = vi.fn();
    const beats = heartbeat(parseDuration("600h"), say);
    vi.advanceTimersByTime(100 * day);
    expect(say).toHaveBeenCalledTimes(4);
    beats.beat();
    vi.advanceTimersByTime(24 * day);
    expect(say).toHaveBeenCalledTimes(4);
    beats.stop();
  });
});

describe("invalid durations and times", () => {
  test.each([`${"9".repeat(400)}h`, "876001h", "1e9h"])("'%s' is refused", (text) => {
    expect(() => parseDuration(text)).toThrow(/is too long|is not a duration/);
  });

  test.each([NaN, Infinity, -Infinity, 1e300])("%d is shown as -", (ms) => {
    expect([formatDuration(ms), formatRunningTime(ms), formatTime(ms), formatAgo(ms, 0)]).toEqual([
      "-",
      "-",
      "-",
      "-",
    ]);
  });
});

interface FollowOptions {
  args?: string[];
  env?: Record<string, string>;
  /** Default: the global one; a concurrent test has to pass its own. */
  atEnd?: TestContext["onTestFinished"];
}

/** Follows a run that ended as `status` with these events. Returns the output and the JUnit report. */
async function follow(
  events: object[],
  status: string,
  { args = [], env = {}, atEnd = onTestFinished }: FollowOptions = {},
) {
  const server = await protocolServer({}, atEnd);
  server.addRun("r", { status, finishedAtMs: null });
  for (const event of events) server.publish("r", { runId: "r", ...event });
  const folder = await mkdtemp(join(tmpdir(), "smithers-client-edges-"));
  atEnd(() => rm(folder, { recursive: true }));
  const file = join(folder, "report.xml");
  const result = await runMain(["watch", "r", "--junit", file, ...args], { baseUrl: server.baseUrl, env });
  return { ...result, report: await readFile(file, "utf8") };
}

describe.concurrent("the time of an event", () => {
  test.for([
    ["missing", undefined],
    ["null", null],
    ["a text", "yesterday"],
    ["enormous", 1e300],
    ["beyond all dates", 8.64e15 + 1],
    ["far in the past", -1e300],
  ])("may be %s without losing a line or the report", async ([, timestampMs], { onTestFinished: atEnd }) => {
    const node = { nodeId: "n", iteration: 0, attempt: 1, timestampMs };
    const { stdout, stderr, exitCode, report } = await follow(
      [
        { type: "RunStarted", timestampMs },
        { type: "NodeStarted", ...node },
        { type: "NodeFailed", ...node, error: "full" },
        { type: "RunFailed", timestampMs, error: "full" },
      ],
      "failed",
      { atEnd },
    );
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 1 });
    expect(stdout).toMatch(/ n +failed \(attempt 1\): full\n.* run +failed, see n above\n$/);
    expect(stdout + report).not.toMatch(/NaN|Infinity|e\+|undefined|Invalid/);
    expect(report).toMatch(/<failure message="full"\/>/);
  });
});

describe("an error", () => {
  const nested = (depth: number) => JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`) as unknown;

  test("nested 20,000 levels deep is reported as such in text, reports, and annotations", async () => {
    expect(errorText(nested(100_000))).toBe("(nested too deeply to show; --json has all of it)");
    const node = { nodeId: "n", iteration: 0, attempt: 1, timestampMs: 2 };
    const server = await protocolServer();
    server.addRun("r", { status: "failed", finishedAtMs: 3 });
    const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
    const send = (event: object) =>
      server.publish("r", `${JSON.stringify({ runId: "r", ...event }).slice(0, -1)},"error":${deep}}`);
    server.publish("r", { type: "RunStarted", runId: "r", timestampMs: 1 });
    send({ type: "NodeFailed", ...node });
    send({ type: "RunFailed", timestampMs: 3 });
    for (const ci of ["none", "github"]) {
      const { stdout, exitCode } = await runMain(["watch", "r", "--ci", ci], { baseUrl: server.baseUrl });
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(/n +failed \(attempt 1\): [^]*run +failed, see n above$/m);
      expect(stdout.length).toBeLessThan(50_000);
    }
    expect((await runMain(["status", "r"], { baseUrl: server.baseUrl })).exitCode).toBe(0);
  });
});

describe("a text of 5 MB", () => {
  const long = `${"x".repeat(5_000_000)}\nend`;

  test("is truncated, with the number of omitted characters and where to get all of it", () => {
    const shown = escapeControls(long);
    expect(shown).toBe(`${"x".repeat(10_000)}… (4,990,004 more characters; --json has all of it)`);
    expect(escapeControls(`failed: ${shown} (attempt 2)`)).toBe(`failed: ${shown} (attempt 2)`);
    expect(escapeControls("y".repeat(10_000))).toBe("y".repeat(10_000));
    expect(escapeControls(`${"x".repeat(9_999)}${"😀".repeat(5_000)}`)).not.toMatch(/\\ud83d/);
  });

  test("is complete only with --json", async () => {
    const node = { nodeId: "n", iteration: 0, attempt: 1, timestampMs: 2 };
    const events = [
      { type: "RunStarted", timestampMs: 1 },
      { type: "NodeFailed", ...node, error: { message: long } },
      { type: "RunFailed", timestampMs: 3, error: { message: long } },
    ];
    const json = await follow(events, "failed", { args: ["--json"] });
    expect(json.stdout.length).toBeGreaterThan(10_000_000);
    const github = await follow(events, "failed", { env: { GITHUB_ACTIONS: "true" } });
    for (const { stdout, stderr, report } of [await follow(events, "failed"), github]) {
      expect(stdout.length + stderr.length).toBeLessThan(100_000);
      expect(stdout).toContain("more characters; --json has all of it)");
      expect(report.length).toBeLessThan(100_000);
      expect(report).toMatch(/x{2000}… \(4,998,000 more characters; --json has all of it\)/);
    }
  });
});

describe("under GitHub Actions", () => {
  const event = (type: string, fields: object = {}) =>
    ({
      ...{ type, runId: "r", nodeId: "n", iteration: 0, attempt: 1, timestampMs: 1 },
      ...fields,
    }) as SmithersEvent;

  test("the group of a node keeps the end of its output, however long that is", () => {
    const lines = new GithubLines(styleOf(), () => 0);
    lines.print(event("NodeStarted"));
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const used = () => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = used();
    for (let n = 0; n < 300; n++) {
      lines.print(event("NodeOutput", { text: `short ${n} and more\n${String(n % 10).repeat(500_000)}\n` }));
    }
    const kept = used() - before;
    const group = lines.print(event("NodeFinished"));
    expect(group.length).toBeLessThan(3 * 1024 * 1024);
    expect(group).toMatch(/^::group::.*\n\(\d+ earlier lines left out\)\n/);
    expect(group).toMatch(
      /\| short 299 and more\n\| 9{10000}… \(490,000 more characters; .*\)\n::endgroup::\n$/,
    );
    // 150 MB passed through it, and the lines that are kept do not hold that in memory.
    expect(kept).toBeLessThan(30 * 1024 * 1024);
  });

  test("nodes that run in parallel share one limit on the output that is kept", () => {
    const lines = new GithubLines(styleOf(), () => 0);
    for (let node = 0; node < 500; node++) lines.print(event("NodeStarted", { nodeId: `n${node}` }));
    for (let node = 0; node < 500; node++) {
      for (let n = 0; n < 20; n++)
        lines.print(event("NodeOutput", { nodeId: `n${node}`, text: `${n}${"x".repeat(9_000)}` }));
    }
    expect(lines.end().length).toBeLessThan(80 * 1024 * 1024);
  });

  test("20 failed nodes are annotated, and the rest are counted", async () => {
    const failed = Array.from({ length: 30 }, (_, n) => ({
      type: "NodeFailed",
      nodeId: `n${n}`,
      iteration: 0,
      attempt: 1,
      timestampMs: 2,
      error: "full",
    }));
    const { stderr, report } = await follow(
      [
        { type: "RunStarted", timestampMs: 1 },
        ...failed,
        { type: "RunFailed", timestampMs: 3, error: "full" },
      ],
      "failed",
      { env: { GITHUB_ACTIONS: "true" } },
    );
    expect(stderr.match(/^::error title=n\d+::/gm)).toHaveLength(20);
    expect(stderr).toMatch(/^::error title=run r::10 more nodes failed$/m);
    expect(report).toContain('failures="30"');
  });
});
