import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { protocolServer, sleep } from "../../faults/in-test.js";
import type { ProtocolServer } from "../../faults/protocol-server.js";
import type { ScriptStep } from "../../faults/served-run.js";
import { createClient } from "../../../src/client/index.js";
import { startRealServer } from "../../real-server.js";
import { Terminal } from "../../terminal.js";
import { binary, cleanEnvironment } from "../run-cli.js";
import { waitUntil } from "../../wait-until.js";
import { startInTerminal, type BinaryTerminalOptions } from "../binary-terminal.js";

let server: ProtocolServer;
let open: Terminal[] = [];
beforeEach(async () => {
  open = [];
  server = await protocolServer();
});
afterEach(() => Promise.all(open.map((terminal) => terminal.close())));

function terminal(args: readonly string[], options?: BinaryTerminalOptions): Terminal {
  const started = startInTerminal(args, { baseUrl: server.baseUrl, ...options });
  open.push(started);
  return started;
}

const hostileName = "\u001b[2J\u001b[31mowned\u0007\n\u202egnp";

/** The ids of the runs below that are executing. */
let running: string[] = [];

/** Starts ten executing runs, two at an approval, and one of a hostile workflow; one more has ended before. */
function startThirteen(): void {
  server.addRun("ended-before", { status: "failed" });
  for (let n = 0; n < 10; n++) {
    const runId = `${n}000000${n}-run`;
    server.addRun(runId, { workflowName: n % 2 === 0 ? "deploy" : "nightly-build" });
    const event = (type: string, more: object = {}) =>
      server.publish(runId, { type, runId, timestampMs: Date.now(), iteration: 0, attempt: 1, ...more });
    event("RunStarted");
    event("NodeStarted", { nodeId: "setup" });
    event("NodeFinished", { nodeId: "setup" });
    event("NodeStarted", { nodeId: `build-${n}` });
    event("NodeStarted", { nodeId: "test" });
  }
  running = Array.from({ length: 10 }, (_, n) => `${n}000000${n}-run`);
  startGate("gate-one");
  startGate("gate-two");
  startGate("hostile", hostileName);
}

function startGate(runId: string, workflowName = "release", nodeId = "ship-it"): void {
  const script: ScriptStep[] = [{ tasks: 1 }, { approvals: [{ nodeId }] }];
  server.addRun(runId, { workflowName, script }).resume();
}

/** Ends an executing run. */
function end(runId: string, status: "finished" | "failed" = "finished"): void {
  server.setStatus(runId, status, Date.now());
  const type = status === "finished" ? "RunFinished" : "RunFailed";
  server.publish(runId, { type, runId, timestampMs: Date.now(), error: "disk full" });
}

/** The decisions that the server received. */
const decisions = () =>
  server.calls
    .filter(({ call }) => call === "approve" || call === "deny")
    .map(({ path, body }) => [
      /runs\/(.*)$/.exec(path)?.[1]?.replace("nodes/ship-it/", ""),
      (body as { note?: string }).note,
    ]);

const [up, down] = ["\u001b[A", "\u001b[B"];

/** Presses the arrow key until the run's approval is selected; keys that arrive together are ignored. */
async function select(screen: Terminal, arrow: string, runId: string): Promise<void> {
  await waitUntil(async () => {
    if ((await screen.screen()).includes(`\n›${runId} `)) return true;
    screen.type(arrow);
    await sleep(50);
    return undefined;
  });
}

/** Text that only the table draws. */
const drawing = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏›]|\d runs[:,]|select with/;

/** The lines that the program left on the screen, with durations replaced by TOOK. */
async function leftBy(screen: Terminal): Promise<string[]> {
  expect(screen.showsCursor).toBe(true);
  const left = (await screen.scrollback()).split("\n");
  expect(left.filter((line) => drawing.test(line))).toEqual([]);
  return left.map((line) => line.replace(/after [\dhms. ]+s\b/, "after TOOK"));
}

describe.each([
  [40, 10],
  [80, 24],
  [200, 50],
])("at %d × %d", (columns, rows) => {
  test("thirteen runs and a late one each have a row or are counted, and each leave a line", async () => {
    startThirteen();
    const screen = terminal(["watch", "--all", "--on-approval", "wait"], { columns, rows });
    const whole = /^13 runs(, \d not shown)?: 3 waiting, 10 run/m;
    const first = (await screen.shows(whole))
      .split("\n")
      .filter((line) => !line.includes("waits for approval"));
    expect(screen.showsCursor).toBe(false);
    expect(first.length).toBeLessThanOrEqual(rows);
    for (const runId of columns === 40 ? ["gate-one"] : ["gate-one", "50000005", "hostile "])
      expect(first.filter((line) => line.startsWith(` ${runId}`))).toHaveLength(1);
    if (columns > 40) {
      expect(first).toContainEqual(expect.stringMatching(/^ RUN +STATUS +WORKFLOW +DONE +TIME +NOW$/));
      expect(first).toContainEqual(
        expect.stringMatching(/^ 50000005 {2}\S running +nightly-build +1\/3 +\d+s +build-5, test$/),
      );
      expect(first).toContainEqual(
        expect.stringMatching(/^ gate-one {2}◆ waiting-approval {2}release +1\/2 +\S+ \d+m {2}ship-it$/),
      );
    } else {
      expect(first).toContainEqual(
        expect.stringMatching(/^ 50000005|^ gate-one {2}◆ {2}release +1\/2 +\S+ \d+m$/),
      );
    }
    expect(await screen.scrollback()).not.toMatch(/started|finished \(/);

    startGate("latecomer", "late");
    await screen.shows(/^14 runs(, \d not shown)?: 4 waiting, 10 run/m);
    for (const [at, runId] of running.entries()) end(runId, at === 5 ? "failed" : "finished");
    // Runs that have ended stay in the table.
    const second = await screen.shows(/^14 runs(, \d not shown)?: 4 waiting, 9 fin/m);
    if (columns > 40) expect(second).toMatch(/^ 00000000 {2}✓ finished/m);
    expect(second).toMatch(columns > 40 ? /^ 50000005 {2}✗ failed.* disk full$/m : /^ 50000005 {2}✗/m);

    for (const runId of ["gate-one", "gate-two", "hostile", "latecomer"]) {
      server.decide("approve", runId, "ship-it", 0, "somebody");
      server.resume(runId, "somebody");
    }
    expect(await screen.ended()).toBe(1);
    const left = (await leftBy(screen)).filter((line) => /^[✓✗]/.test(line));
    expect(left).toHaveLength(14);
    expect(left).toContain("✗ 50000005-run  nightly-build failed after TOOK, 1 of 3 nodes done: disk full");
    expect(left).toContain("✓ latecomer  late finished after TOOK, 3 of 3 nodes done");
    expect(left).toContainEqual(expect.stringMatching(/^✓ hostile {2}\\u001b\[2J\\u001b\[31mowned/));
    expect(screen.record.replaceAll(ours, "")).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});

/** The control sequences that we write: colors, cursor movement, line ends, and the bell. */
const ours = new RegExp(`${"\u001b"}\\[\\??[\\d;]*[mhlAKBG]|[\\r\\n${"\u0007"}]`, "g");

describe("approvals", () => {
  beforeEach(() => {
    startGate("first");
    startGate("second");
  });

  test("ring the bell, are selected with the arrow keys, and are decided with a or d and a note", async () => {
    const screen = terminal(["watch", "--all"]);
    // The server lists the newest run last.
    await screen.shows(/^2 approvals wait: select with the arrows$/m);
    expect(screen.record).toContain("\u0007");
    screen.type(down);
    await screen.shows(/^›second [^]*^a approves, d denies ship-it$/m);
    screen.type(down);
    await screen.shows(/^›first /m);
    screen.type("d");
    const asked = await screen.shows(/^deny first ship-it, note:$/m);
    expect(asked).toMatch(/^›first [^]*^Enter sends it/m);
    expect(screen.showsCursor).toBe(true);
    screen.type("not today");
    expect(decisions()).toEqual([]);
    screen.press("Enter");
    await waitUntil(() => decisions().length === 1);
    expect(decisions()).toEqual([["first/deny", "not today"]]);
    await screen.shows(/^ first +✗ failed[^]*^1 approval waits/m);
    screen.type(up);
    await screen.shows(/^›second /m);
    screen.type("a");
    await screen.shows(/^approve second ship-it, note:$/m);
    screen.press("Enter");
    expect(await screen.ended()).toBe(1);
    expect(decisions()).toEqual([
      ["first/deny", "not today"],
      ["second/approve", undefined],
    ]);
    const left = await leftBy(screen);
    expect(left).toContain("deny first ship-it, note: not today");
    expect(left).toContain("first   denied ship-it");
    expect(left.slice(-2)).toEqual([
      "✓ second  release finished after TOOK, 3 of 3 nodes done",
      "✗ first  release failed after TOOK, 1 of 2 nodes done: ship-it: denied",
    ]);
  });

  test("are not decided by keys that arrive together, or by a note that is cancelled", async () => {
    const screen = terminal(["watch", "first", "second"]);
    await screen.shows(/2 approvals wait/);
    await select(screen, up, "second");
    await select(screen, up, "first");
    screen.paste("a");
    screen.type("a\r");
    await select(screen, down, "second");
    await select(screen, up, "first");
    screen.type("a");
    await screen.shows(/^approve first ship-it, note:$/m);
    screen.type("typed");
    await screen.shows(/note: typed$/m);
    screen.press("Escape");
    await screen.shows(/^ first [^]*2 approvals wait/m);
    screen.type(down);
    await screen.shows(/^›first /m);
    screen.press("Escape");
    await screen.shows(/2 approvals wait/);
    screen.type(down);
    await screen.shows(/^›first /m);
    screen.type("d");
    await screen.shows(/^deny first ship-it, note:$/m);
    screen.press("C-d");
    await screen.shows(/2 approvals wait/);
    expect(decisions()).toEqual([]);
    screen.press("C-c");
    expect(await screen.ended()).toBe(130);
    expect(decisions()).toEqual([]);
    const left = await leftBy(screen);
    expect(left.join("\n")).not.toContain("typed");
    expect(left.slice(-4)).toEqual([
      "◆ first  release waiting-approval, 1 of 2 nodes done",
      "◆ second  release waiting-approval, 1 of 2 nodes done",
      "error: interrupted by SIGINT; 2 runs continue",
      "next:  smithers-client watch -- first second",
    ]);
  });

  test("decided by someone else lose their question, and no other one is selected", async () => {
    const screen = terminal(["watch", "first", "second"]);
    await screen.shows(/2 approvals wait/);
    screen.type(down);
    await screen.shows(/^›first /m);
    screen.type("a");
    await screen.shows(/^approve first ship-it, note:$/m);
    server.decide("approve", "first", "ship-it", 0, "somebody");
    server.resume("first", "somebody");
    const after = await screen.shows(/^ first +✓ finished[^]*^1 approval waits/m);
    expect(after).not.toMatch(/note:|›/);
    screen.type("a\r");
    await select(screen, down, "second");
    expect(decisions()).toEqual([]);
    // Text typed beyond the end of a note does not answer another question.
    screen.type("d");
    await screen.shows(/^deny second ship-it, note:$/m);
    screen.type("no\r\r\r");
    expect(await screen.ended()).toBe(1);
    expect(decisions()).toEqual([["second/deny", "no"]]);
  });

  test("are left to others on request", async () => {
    const screen = terminal(["watch", "first", "second", "--on-approval", "wait", "--no-bell"]);
    await screen.shows(/^second +ship-it waits for approval; to decide it: /m);
    screen.type(down);
    screen.type("a");
    expect(await screen.shows(/^2 runs: 2 waiting$/m)).not.toMatch(/arrows|›/);
    expect(screen.record).not.toContain("\u0007");
  });
});

test("ls --watch continues when no run is left, in a window that is resized", async () => {
  const screen = terminal(["ls", "--watch"]);
  await screen.shows(/^no run is in progress$/m);
  startGate("keeper");
  await screen.shows(/^ keeper +◆ waiting-approval/m);
  server.decide("approve", "keeper", "ship-it", 0, "somebody");
  server.resume("keeper", "somebody");
  await screen.shows(/^ keeper +✓ finished[^]*^1 run: 1 finished$/m);
  for (const [columns, rows, row] of [
    [200, 50, /^ keeper +✓ finished +release +3\/3 /m],
    [30, 50, /^ keeper +✓ +release +3\/3$/m],
    [40, 10, /^ keeper +✓ +release +3\/3 +\S+$/m],
    [80, 24, /^ keeper +✓ finished +release +3\/3 /m],
  ] as const) {
    const { length } = screen.record;
    await waitUntil(() => screen.record.length > length && screen.record.endsWith("\u001b[?2026l"));
    await screen.resize(columns, rows);
    const lines = (await screen.shows(row)).split("\n");
    expect(lines.filter((line) => line.includes("keeper"))).toHaveLength(1);
    expect(lines.filter((line) => line.includes("1 run:"))).toHaveLength(1);
  }
  screen.press("C-c");
  expect(await screen.ended()).toBe(130);
  expect((await leftBy(screen)).slice(-3)).toEqual([
    "✓ keeper  release finished after TOOK, 3 of 3 nodes done",
    "error: interrupted by SIGINT; no run is in progress",
    "next:  smithers-client ls --watch",
  ]);
});

describe("an end from outside", () => {
  test.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("by %s leaves a line for each run, and restores the terminal", async (signal, code) => {
    startGate("first");
    startGate("second");
    const screen = terminal(["watch", "--all"], { rows: 8 });
    await select(screen, down, "first");
    screen.type("a");
    await screen.shows(/^approve first ship-it, note:$/m);
    screen.type("typed");
    screen.kill(signal);
    expect(await screen.ended()).toBe(code);
    const left = await leftBy(screen);
    expect(left.slice(-4)).toEqual([
      "◆ second  release waiting-approval, 1 of 2 nodes done",
      "◆ first  release waiting-approval, 1 of 2 nodes done",
      `error: interrupted by ${signal}; 2 runs continue`,
      "next:  smithers-client watch --all",
    ]);
    expect(left.join("\n")).not.toContain("typed");
    expect(decisions()).toEqual([]);
    const pasteMarks = screen.record.match(/\[\?2004[hl]/g);
    expect(pasteMarks?.at(-1)).toBe("[?2004l");
  });
});

test("keys go to the shell while the table is stopped or has ended, and to the table once it continues", async () => {
  startGate("first");
  const script =
    'set -m; "$@"; echo stopped; stty -a | grep -o -- "-*icanon"; fg; stty -a | grep -o -- "-*icanon"';
  const shell = new Terminal(["bash", "-c", script, "bash", process.execPath, binary, "watch", "--all"], {
    env: cleanEnvironment(server.baseUrl, { TERM: "xterm-256color", LC_ALL: "C.UTF-8" }),
  });
  open.push(shell);
  await select(shell, down, "first");
  shell.press("C-z");
  // The shell continues it at once.
  await shell.shows(/stopped\s+icanon[^]*^›first /m);
  await waitUntil(async () => {
    shell.type("d");
    return (await shell.screen()).includes("deny first ship-it, note:") || undefined;
  });
  shell.press("Enter");
  await shell.shows(/^✗ first[^]*^icanon$/m);
  // Keys pressed before the question was drawn are not part of the note; later ones may be.
  expect(decisions().map(([decision]) => decision)).toEqual(["first/deny"]);
});

test("shows and decides approvals on a real server", async () => {
  const real = await startRealServer();
  try {
    const client = createClient({ baseUrl: real.baseUrl });
    const start = (workflowPath: string, runId: string) =>
      client.runWorkflow({ workflowPath, input: {}, runId });
    await start("gate.tsx", "real-gate-1");
    const screen = terminal(["watch", "--all"], { baseUrl: real.baseUrl });
    await screen.shows(/^ real-gat +◆ waiting-approval +gate +1\/\d +\d+s +gate: Ship it\?$/m);
    await start("fails.tsx", "failing-run");
    await screen.shows(/^ failing- +✗ failed +fails .* publish: disk full/m);
    await start("gate.tsx", "gate-2-late");
    await screen.shows(/^2 approvals wait/m);
    for (const [name, key, word] of [
      ["real-gat", "a", "approve"],
      ["gate-2-l", "d", "deny"],
    ] as const) {
      await select(screen, name === "real-gat" ? up : down, name);
      screen.type(key);
      await screen.shows(`${word} ${name} gate, note:`);
      screen.type("by hand");
      screen.press("Enter");
      await screen.shows(new RegExp(`^${name} +${word === "deny" ? "denied" : "approved"} gate$`, "m"));
    }
    expect(await screen.ended()).toBe(1);
    expect((await leftBy(screen)).filter((line) => /^[✓✗◆]/.test(line))).toEqual([
      "✓ real-gate-1  gate finished after TOOK, 3 of 3 nodes done",
      expect.stringMatching(
        /^✗ failing-run {2}fails failed after TOOK, 1 of \d nodes done: publish: disk full/,
      ),
      expect.stringMatching(/^✗ gate-2-late {2}gate failed after TOOK, 1 of \d nodes done: gate: denied$/),
    ]);
  } finally {
    await real.stop();
  }
});
