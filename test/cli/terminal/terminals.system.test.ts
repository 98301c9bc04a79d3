import type { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../../src/client/index.js";
import { answer, RawServer } from "../../faults/raw-server.js";
import { needs } from "../../needs.js";
import { makeServerRoot } from "../../real-server.js";
import { sharedServer } from "../../shared-server.js";
import { Terminal } from "../../terminal.js";
import { waitUntil } from "../../wait-until.js";
import { startInTerminal, type BinaryTerminalOptions } from "../binary-terminal.js";
import { binary, cleanEnvironment, freshId } from "../run-cli.js";

const client = createClient({ baseUrl: sharedServer.baseUrl });
const statusOf = async (runId: string) => (await client.getStatus({ runId }).catch(() => undefined))?.status;

async function pausedRun(workflowPath = "gate.tsx"): Promise<string> {
  const runId = freshId("terminal");
  await client.runWorkflow({ workflowPath, input: {}, runId });
  await waitUntil(async () => (await statusOf(runId)) === "waiting-approval");
  return runId;
}

const open: Terminal[] = [];
afterEach(() => Promise.all(open.splice(0).map((each) => each.close())));
function start(args: readonly string[], options?: BinaryTerminalOptions): Terminal {
  const terminal = startInTerminal(args, options);
  open.push(terminal);
  return terminal;
}

/** Runs a script in a shell; `"$@"` in it is the binary with these arguments. */
function startInShell(script: string, args: readonly string[]): Terminal {
  const terminal = new Terminal(["bash", "-c", script, "bash", process.execPath, binary, ...args], {
    env: cleanEnvironment(sharedServer.baseUrl, { TERM: "xterm-256color", LC_ALL: "C.UTF-8" }),
  });
  open.push(terminal);
  return terminal;
}

const spinning = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] /;

describe("a command that waits for the server", () => {
  let server: RawServer;
  /** Send the responses that are held back. */
  let held: (() => void)[] = [];
  let isSlow = true;
  beforeAll(async () => {
    const run = { runId: "x", workflowName: "w", status: "running", startedAtMs: 1, summary: {} };
    const answers: Record<string, unknown> = { "/v1/approvals": { approvals: [] }, "/v1/runs/x": run };
    const send = (socket: Socket, path: string) => socket.end(answer(200, answers[path] ?? []));
    server = await RawServer.start(({ path }, socket) => {
      if (isSlow) held.push(() => void send(socket, path));
      else send(socket, path);
    });
  });
  afterAll(() => server.close());

  test.each([
    [["approvals"], 80],
    [["approvals"], 0],
    [["ls"], 80],
    [["ls"], 0],
    [["frames", "x"], 12],
    [["ls"], 1],
  ])("(%s) says so in %d columns, and erases that", async (args, columns) => {
    isSlow = true;
    held = [];
    const terminal = start(args, { baseUrl: server.baseUrl, columns });
    await waitUntil(() => held.length > 0 && terminal.record.includes("⠙"));
    expect(terminal.showsCursor).toBe(false);
    const [line] = (await terminal.screen()).split("\n");
    const said = args[0] === "approvals" ? "reading the open approvals" : `waiting for ${server.baseUrl}`;
    if (columns === 80 || columns === 0) expect(line).toMatch(new RegExp(`^${spinning.source}${said}$`));
    isSlow = false;
    for (const answerNow of held) answerNow();
    expect(await terminal.ended()).toBe(0);
    expect(terminal.showsCursor).toBe(true);
    expect(await terminal.scrollback()).toBe(args[0] === "ls" ? "the server has no runs yet" : "");
  });

  test("does not say so if it is quick, with --json, or with --plain", async () => {
    isSlow = false;
    const quick = start(["ls"], { baseUrl: server.baseUrl });
    expect(await quick.ended()).toBe(0);
    expect(quick.record).toBe("the server has no runs yet\r\n");
    isSlow = true;
    held = [];
    const quiet = [
      ["ls", "--json"],
      ["ls", "--plain"],
    ].map((args) => start(args, { baseUrl: server.baseUrl }));
    await waitUntil(() => held.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    for (const answerNow of held) answerNow();
    for (const terminal of quiet) {
      expect(await terminal.ended()).toBe(0);
      expect(terminal.record).not.toMatch(spinning);
    }
  });

  test("ends at a signal, and leaves nothing on the screen", async () => {
    isSlow = true;
    held = [];
    const terminal = start(["ls"], { baseUrl: server.baseUrl, columns: 0 });
    await waitUntil(() => terminal.record.includes("⠙"));
    terminal.press("C-c");
    expect(await terminal.ended()).toBe(130);
    expect(terminal.showsCursor).toBe(true);
    expect(await terminal.scrollback()).toMatch(/^(\^C)?error: interrupted by SIGINT$/);
  });
});

describe("in a terminal with 0 columns", () => {
  test.each(["approve", "deny"])("%s ends", async (decision) => {
    const runId = await pausedRun();
    const terminal = start([decision, runId], { columns: 0, rows: 0 });
    expect(await terminal.ended()).toBe(0);
    expect(await terminal.screen()).toMatch(/^(approved|denied) gate of run /m);
  });

  test("a run is followed, and its approval decided", async () => {
    const runId = await pausedRun();
    const terminal = start(["watch", runId], { columns: 0, rows: 0 });
    await terminal.shows(/gate {3}waiting \d+s for approval[^]*\[a\/d\/s\]/);
    terminal.type("a\r\r");
    expect(await terminal.ended()).toBe(0);
    expect(await terminal.scrollback()).toMatch(/^✓ gate finished/m);
  });

  test("a server is started and ended", async () => {
    const root = await makeServerRoot();
    const terminal = start(["serve", "--port", "0", "--root", root], { columns: 0, rows: 0 });
    await terminal.shows(/serving .* on http/);
    terminal.press("C-c");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.showsCursor).toBe(true);
  });
});

describe("in the background", () => {
  const inBackground = 'set -m; "$@" & read -r _;';

  test("a command asks and draws nothing, keeps running, and ends at SIGTERM", async () => {
    const runId = await pausedRun();
    const terminal = startInShell(`${inBackground} jobs; kill %1; wait $!; echo "ended $?"`, [
      "watch",
      runId,
    ]);
    const screen = await terminal.shows(
      /asked once this is in the foreground; to decide it elsewhere: smithers/,
    );
    expect(screen).not.toMatch(/\[a\/d\/s\]|[├└]/);
    terminal.press("Enter");
    expect(await terminal.shows(/ended \d/)).toMatch(/Running[^]*^ended 143$/m);
  });

  test("a command ends in time under timeout, which runs it there", needs("timeout"), async () => {
    const runId = await pausedRun();
    const terminal = startInShell('timeout 2 "$@"; echo "ended $?"', ["watch", runId]);
    // timeout exits with 124 if the command did not end by itself.
    await terminal.shows("ended 124");
    expect(await terminal.scrollback()).toContain(`error: interrupted by SIGTERM; run ${runId} continues`);
  });

  test("a command asks once it is in the foreground", async () => {
    const runId = await pausedRun();
    const terminal = startInShell(`${inBackground} fg; echo "ended $?"`, ["watch", runId]);
    await terminal.shows("asked once this is in the foreground");
    terminal.press("Enter");
    await terminal.shows("[a/d/s]");
    terminal.type("approve\r\r");
    await terminal.shows("ended 0");
    expect(await statusOf(runId)).toBe("finished");
  });

  test("JSON is not read from the terminal", async () => {
    const args = ["run", "quick.tsx", "--input", "-"];
    const terminal = startInShell(`${inBackground} wait $!; echo "ended $?"`, args);
    await terminal.shows("the terminal cannot be read from the background");
    terminal.press("Enter");
    await terminal.shows("ended 4");
  });

  // Prints a marker of its own, instead of relying on the shell's messages about jobs.
  const stops = 'set -m; "$@"; echo "left alone"; read -r _;';

  test("a command restores the terminal at Ctrl-Z, and the question once it is continued", async () => {
    const runId = await pausedRun();
    const terminal = startInShell(`${stops} stty -a; fg; echo "ended $?"`, ["watch", runId]);
    await terminal.shows("[a/d/s]");
    terminal.type("app");
    await terminal.shows("[a/d/s] app");
    terminal.press("C-z");
    const left = await terminal.shows("left alone");
    expect(left).not.toMatch(/\[a\/d\/s\]|[├└]/);
    expect(terminal.showsCursor).toBe(true);
    terminal.press("Enter");
    expect(await terminal.shows(/^.*\[a\/d\/s\] app$/m)).toMatch(/ icanon [^]* echo /);
    terminal.type("rove\r\r");
    await terminal.shows("ended 0");
    expect(await statusOf(runId)).toBe("finished");
  });

  test("a command ends at SIGTERM after Ctrl-Z and bg", async () => {
    const runId = await pausedRun();
    const script = `${stops} bg; sleep 1; jobs; kill %1; wait $!; echo "ended $?"`;
    const terminal = startInShell(script, ["watch", runId]);
    await terminal.shows("[a/d/s]");
    terminal.press("C-z");
    await terminal.shows("left alone");
    terminal.press("Enter");
    expect(await terminal.shows(/ended \d/)).toMatch(/Running[^]*^ended 143$/m);
  });

  test("a command that is stopped from outside during a question ends at SIGTERM", async () => {
    const runId = await pausedRun();
    const script = `set -m; "$@" & echo "pid $!"; fg; bg; sleep 1; jobs; kill %1; wait $!; echo "ended $?"`;
    const terminal = startInShell(script, ["watch", runId]);
    const screen = await terminal.shows("[a/d/s]");
    const [, pid] = /^pid (\d+)$/m.exec(screen) ?? [];
    process.kill(Number(pid), "SIGSTOP");
    expect(await terminal.shows(/ended \d/)).toMatch(/Running[^]*^ended 143$/m);
  });
});
