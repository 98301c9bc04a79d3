import { afterEach, beforeEach, expect, test } from "vitest";
import { ProtocolServer } from "../../faults/protocol-server.js";
import { Terminal } from "../../terminal.js";
import { waitUntil } from "../../wait-until.js";
import { startInTerminal } from "../binary-terminal.js";
import { binary, cleanEnvironment } from "../run-cli.js";

/** A server with a run that has two approvals, one after the other, and ends when both are decided. */
let server: ProtocolServer;
let terminal: Terminal;
beforeEach(async () => {
  server = await ProtocolServer.start();
  const script = [
    { approvals: [{ nodeId: "one" }] },
    { approvals: [{ nodeId: "two", ifDenied: "skip" as const }] },
  ];
  server.addRun("r", { script }).resume();
  terminal = startInTerminal(["watch", "r"], { baseUrl: server.baseUrl, columns: 60 });
  await terminal.shows(/one waits[^]*\[a\/d\/s\]$/);
});
afterEach(async () => {
  await terminal.close();
  await server.stop();
});

/** Approves as someone else, and resumes the run. */
function decide(nodeId: string): void {
  server.decide("approve", "r", nodeId, 0, "somebody");
  server.resume("r", "somebody");
}

/** The decisions that the server received, each with its note. */
const made = () =>
  server.calls
    .filter(({ call }) => call === "approve" || call === "deny")
    .map(({ path, body }) => [/nodes\/(.*)$/.exec(path)?.[1], (body as { note?: string }).note]);

test("text typed ahead answers the following questions", async () => {
  terminal.type("a\rfine\rd\r\r");
  expect(await terminal.ended()).toBe(0);
  expect(made()).toEqual([
    ["one/approve", "fine"],
    ["two/deny", undefined],
  ]);
});

test("a pasted note keeps its lines, and none of them is an answer", async () => {
  terminal.type("a\r");
  await terminal.shows(/note \(may be empty\):$/);
  terminal.paste("first line\na\nlast line");
  await terminal.shows(/first line↵a↵last line$/);
  expect(made()).toEqual([]);
  terminal.press("Enter");
  await terminal.shows(/two waits[^]*\[a\/d\/s\]$/);
  expect(made()).toEqual([["one/approve", "first line\na\nlast line"]]);
});

test("Ctrl-D at the question or the note decides nothing, and the next question can be answered", async () => {
  terminal.press("C-d");
  await terminal.shows("to decide it later: smithers-client approve -- r one");
  decide("one");
  await terminal.shows(/two waits[^]*\[a\/d\/s\]$/);
  terminal.type("a\r");
  await terminal.shows(/note \(may be empty\):$/);
  terminal.press("C-d");
  await terminal.shows("to decide it later: smithers-client approve -- r two");
  expect(made()).toEqual([]);
  terminal.press("C-c");
  expect(await terminal.ended()).toBe(130);
  expect(made()).toEqual([]);
});

test("any other word decides nothing, and the accepted answers are listed", async () => {
  terminal.type("abort\r");
  await terminal.shows(/please answer a or approve, d or deny, s or skip[^]*\[a\/d\/s\]$/);
  expect(made()).toEqual([]);
});

test("a question that someone else answers is erased, however long the typed answer is", async () => {
  const words = "x".repeat(140);
  terminal.type(words);
  await terminal.shows(/x{20}$/);
  // Moves the cursor to the first of its rows.
  terminal.press("C-a");
  await waitUntil(async () => (await terminal.cursor()).column === "approve, deny or skip? [a/d/s] ".length);
  decide("one");
  await terminal.shows(/two waits[^]*\[a\/d\/s\]$/);
  expect(await terminal.scrollback()).not.toContain("xx");
  expect((await terminal.scrollback()).match(/\[a\/d\/s\]/g)).toHaveLength(1);
  terminal.type("s\r");
  await terminal.shows("to decide it later");
  expect(made()).toEqual([]);
});

test("a terminal that closes ends the command like SIGHUP", async () => {
  expect(await terminal.hangUp()).toBe(129);
  expect(made()).toEqual([]);
});

test("a terminal that closes ends the command even if stderr is not a terminal", async () => {
  const command = ["sh", "-c", 'exec "$@" 2> /dev/null', "sh", process.execPath, binary, "watch", "r"];
  const other = new Terminal(command, { env: cleanEnvironment(server.baseUrl) });
  await other.shows("waiting for approval");
  expect(await other.hangUp()).toBe(129);
});

test("Ctrl-C exits at once, and restores the terminal", async () => {
  terminal.type("a\rsome note\u0003");
  expect(await terminal.ended()).toBe(130);
  expect(made()).toEqual([]);
  expect(terminal.showsCursor).toBe(true);
  expect(terminal.record.lastIndexOf("\u001b[?2004l")).toBeGreaterThan(
    terminal.record.lastIndexOf("\u001b[?2004h"),
  );
});
