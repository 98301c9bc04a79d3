import { afterEach, beforeEach, expect, test } from "vitest";
import { ProtocolServer } from "../../faults/protocol-server.js";
import { Terminal } from "../../terminal.js";
import { waitUntil } from "../../wait-until.js";
import { startInTerminal } from "../binary-terminal.js";
import { binary, cleanEnvironment } from "../run-cli.js";

/** A run with two gates, one after the other, which ends when both are decided. */
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

/** Somebody else decides, and resumes the run. */
function decide(nodeId: string): void {
  server.decide("approve", "r", nodeId, 0, "somebody");
  server.resume("r", "somebody");
}

/** The decisions that came over the wire, each with its note. */
const made = () =>
  server.calls
    .filter(({ call }) => call === "approve" || call === "deny")
    .map(({ path, body }) => [/nodes\/(.*)$/.exec(path)?.[1], (body as { note?: string }).note]);

test("what is typed ahead answers the questions that follow", async () => {
  terminal.type("a\rfine\rd\r\r");
  expect(await terminal.ended()).toBe(0);
  expect(made()).toEqual([
    ["one/approve", "fine"],
    ["two/deny", undefined],
  ]);
});

test("a note that is pasted keeps its lines, and none of them is an answer", async () => {
  terminal.type("a\r");
  await terminal.shows(/note \(may be empty\):$/);
  terminal.paste("first line\na\nlast line");
  await terminal.shows(/first line↵a↵last line$/);
  expect(made()).toEqual([]);
  terminal.press("Enter");
  await terminal.shows(/two waits[^]*\[a\/d\/s\]$/);
  expect(made()).toEqual([["one/approve", "first line\na\nlast line"]]);
});

test("Ctrl-D at the question or at the note decides nothing, and the next question can be answered", async () => {
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

test("another word is no decision, and it says which are", async () => {
  terminal.type("abort\r");
  await terminal.shows(/please answer a or approve, d or deny, s or skip[^]*\[a\/d\/s\]$/);
  expect(made()).toEqual([]);
});

test("nothing is left of a question that somebody else answered, however long its answer was", async () => {
  const words = "x".repeat(140);
  terminal.type(words);
  await terminal.shows(/x{20}$/);
  // The cursor is in the first of its rows then.
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

test("a terminal that goes away ends it as SIGHUP does", async () => {
  expect(await terminal.hangUp()).toBe(129);
  expect(made()).toEqual([]);
});

test("a terminal that goes away ends it so where stderr is none, too", async () => {
  const command = ["sh", "-c", 'exec "$@" 2> /dev/null', "sh", process.execPath, binary, "watch", "r"];
  const other = new Terminal(command, { env: cleanEnvironment(server.baseUrl) });
  await other.shows("waiting for approval");
  expect(await other.hangUp()).toBe(129);
});

test("Ctrl-C leaves at once, with the terminal as it was", async () => {
  terminal.type("a\rsome note\u0003");
  expect(await terminal.ended()).toBe(130);
  expect(made()).toEqual([]);
  expect(terminal.showsCursor).toBe(true);
  expect(terminal.record.lastIndexOf("\u001b[?2004l")).toBeGreaterThan(
    terminal.record.lastIndexOf("\u001b[?2004h"),
  );
});
