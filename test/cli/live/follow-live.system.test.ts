import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createClient } from "../../../src/client/index.js";
import { sharedServer } from "../../shared-server.js";
import { waitUntil } from "../../wait-until.js";
import { freshId } from "../run-cli.js";
import type { Terminal } from "../../terminal.js";
import { startInTerminal, type BinaryTerminalOptions } from "../binary-terminal.js";
import { whenUnlocked } from "../../when-unlocked.js";

const client = createClient({ baseUrl: sharedServer.baseUrl });

let open: Terminal[] = [];
beforeEach(() => void (open = []));
afterEach(() => Promise.all(open.map((terminal) => terminal.close())));

function terminal(args: readonly string[], options?: BinaryTerminalOptions): Terminal {
  const started = startInTerminal(args, options);
  open.push(started);
  return started;
}

async function pausedRun(workflowPath: string): Promise<string> {
  const runId = freshId("live");
  await client.runWorkflow({ workflowPath, input: {}, runId });
  await waitUntil(
    async () => (await client.getStatus({ runId }).catch(() => undefined))?.status === "waiting-approval",
  );
  return runId;
}

const escape = "\u001b";
const coloured = new RegExp(`${escape}\\[\\d+m`, "g");

/** Characters that only the live region draws. */
const drawing = /[├└│⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/;

test("follows a run with an approval from start to end, in a window that is resized", async () => {
  const runId = freshId("live");
  const screen = terminal(["run", "gate.tsx", "--run-id", runId, "-w", "--input", '{"buildMs":1500}']);
  await screen.shows(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] build +0s/);
  expect(screen.showsCursor).toBe(false);
  // On a busy machine, the run's current state is drawn a moment after the question.
  const asked = (await screen.shows(/1 of 3 nodes done[^]*approve, deny or skip\?/)).split("\n");
  expect(asked.slice(-5)).toEqual(
    [
      expect.stringMatching(/^◆ gate › sequence {2}waiting-approval {2}\d+s {2}[━─]+ {2}1 of 3 nodes done$/),
      expect.stringMatching(/^├─ ✓ build {2}\d+\.\ds$/),
      expect.stringMatching(/^├─ ◆ gate {3}waiting \d+s for approval: Ship it\?$/),
      "└─ · ship",
      "approve, deny or skip? [a/d/s]",
    ].slice(-6),
  );
  expect(screen.showsCursor).toBe(true);

  // Typed text stays below the live region, whatever is drawn meanwhile.
  screen.type("ap");
  const sizes: [columns: number, rows: number, head: RegExp][] = [
    [200, 50, /\d+s {2}━{8}─{16} {2}1 of 3 nodes done$/m],
    [30, 50, /^◆ gate {2}waiting-approval {2}\d+s …$/m],
    // After the tall ones, because lines that scroll out of a low window cannot be erased.
    [40, 10, /^◆ gate {2}waiting-approval {2}\d+s {2}1\/3$/m],
    [80, 24, /\d+s {2}━{4,7}─{8,15} {2}1 of 3 nodes done$/m],
  ];
  for (const [columns, rows, head] of sizes) {
    // Resize right after a redraw: one in flight is made for the old size and may erase one row too many.
    const { length } = screen.record;
    await waitUntil(() => screen.record.length > length && screen.record.endsWith("\u001b[?2026l"));
    await screen.resize(columns, rows);
    const lines = (await screen.shows(new RegExp(`${head.source}[^]*\\[a/d/s\\]\\s+ap$`, "m"))).split("\n");
    expect(lines.filter((line) => line.includes("ship"))).toHaveLength(1);
    expect(lines.length).toBeLessThanOrEqual(rows);
  }
  screen.type("prove");
  screen.press("Enter");
  await screen.shows("note (may be empty):");
  screen.type("looks good");
  screen.press("Enter");

  expect(await screen.ended()).toBe(0);
  expect(screen.showsCursor).toBe(true);
  const left = (await screen.scrollback()).split("\n");
  expect(left.filter((line) => drawing.test(line))).toEqual([]);
  expect(
    left.map((line) => line.replace(/^ +[\d.]+s/, "TIME").replace(/in [\d.]+s|after [\d.]+s/, "TOOK")),
  ).toEqual([
    expect.stringContaining(`following run ${runId}`),
    "TIME  build           finished (attempt 1) TOOK",
    "gate waits for approval",
    "  Ship it?",
    "approve, deny or skip? [a/d/s] approve",
    "note (may be empty): looks good",
    "approved gate",
    "TIME  gate            approved",
    "resumed the run, which the decision needs",
    "TIME  gate            finished (attempt 1) TOOK",
    "TIME  ship            finished (attempt 1) TOOK",
    `✓ gate finished TOOK  3 of 3 nodes done, run ${runId}`,
  ]);
  expect(screen.record).not.toContain("\u001b[?1049");
});

test("the question disappears when someone else decides the approval", async () => {
  const runId = await pausedRun("gate.tsx");
  const screen = terminal(["watch", runId]);
  await screen.shows("approve, deny or skip?");
  await whenUnlocked(() => client.approve({ runId, nodeId: "gate" }));
  expect(await screen.ended()).toBe(0);
  expect(await screen.scrollback()).not.toMatch(/approve, deny|[├└│]/);
});

describe("an end from outside", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s erases the live region and restores the cursor", async (signal, code) => {
    const runId = await pausedRun("gate.tsx");
    const screen = terminal(["watch", runId, "--on-approval", "wait"], { rows: 8, columns: 100 });
    await screen.shows("└─ · ship");
    screen.kill(signal);
    expect(await screen.ended()).toBe(code);
    expect(screen.showsCursor).toBe(true);
    const left = (await screen.scrollback()).split("\n");
    expect(left.filter((line) => drawing.test(line))).toEqual([]);
    expect(left.slice(-2)).toEqual([
      `error: interrupted by ${signal}; run ${runId} continues`,
      `next:  smithers-client watch -- ${runId}`,
    ]);
  });
});

test("a failed run ends with a summary of what failed", async () => {
  const screen = terminal(["run", "fails.tsx", "--watch"], { columns: 200, rows: 50 });
  expect(await screen.ended()).toBe(1);
  const left = (await screen.scrollback()).split("\n");
  expect(left.at(-2)).toMatch(/^✗ fails failed after [\d.]+s {2}1 of 2 nodes done, 1 failed, run /);
  expect(left.at(-1)).toMatch(/^ {2}publish {2}disk full \\u001b\]0;owned\\u0007\\u001b\[2J.*red$/);
  // The rest of the error is printed where the node failed.
  expect(left.filter((line) => line === `${" ".repeat(12)}second line`)).toHaveLength(1);
  expect(screen.title).not.toContain("owned");
});

test("nothing is drawn with --plain, on a dumb terminal, or in CI", async () => {
  const cases: { flags?: string[]; env?: Record<string, string> }[] = [
    { flags: ["--plain"] },
    { env: { SMITHERS_PLAIN: "1" } },
    { env: { TERM: "dumb" } },
    { env: { CI: "true" } },
  ];
  await Promise.all(
    cases.map(async ({ flags = [], env = {} }) => {
      const screen = terminal(["run", "quick.tsx", "--watch", ...flags], { env });
      expect(await screen.ended()).toBe(0);
      // Only colors are allowed.
      const text = screen.record.replaceAll(coloured, "");
      expect(text).toMatch(/first +started/);
      expect(text).not.toContain("\u001b");
    }),
  );
});

test("respects COLUMNS and a locale without Unicode", async () => {
  const runId = await pausedRun("gate.tsx");
  const env = { LC_ALL: "C", COLUMNS: "34", NO_COLOR: "1" };
  const screen = terminal(["watch", runId, "--on-approval", "wait"], { env });
  const lines = (await screen.shows(/^`- \. ship$/m)).split("\n");

  expect(lines.slice(-4)).toEqual([
    expect.stringMatching(/^\? gate {2}waiting-approval {2}\d+s {2}1\/3$/),
    expect.stringMatching(/^\|- \+ build {2}0\.\ds$/),
    expect.stringMatching(/^\|- \? gate {3}waiting \d+s for appro.*~$/),
    "`- . ship",
  ]);
});

test("the bell rings once for approvals that open together, and never with --no-bell", async () => {
  const runId = await pausedRun("gates.tsx");
  const wait = ["watch", runId, "--on-approval", "wait"];
  const env = { TMUX: "", TERM_PROGRAM: "iTerm.app" };
  const [rings, is] = [terminal(wait, { env }), terminal([...wait, "--no-bell"], { env })];
  const decide = /gate-b waits for approval \(Budget\); to decide it/;
  await Promise.all([rings.shows(decide), is.shows(decide)]);
  const record = rings.record;
  expect(record.split("\u0007")).toHaveLength(3);
  expect(record).toContain("\u0007\u001b]9;smithers-client: gate-a waits for approval\u0007");
  expect(is.record).not.toContain("\u0007");
});
