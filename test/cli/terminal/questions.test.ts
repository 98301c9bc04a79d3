import type { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { answer, block, chunk, lastChunk, RawServer, streamHead } from "../../faults/raw-server.js";
import type { Terminal } from "../../terminal.js";
import { waitUntil } from "../../wait-until.js";
import { startInTerminal } from "../binary-terminal.js";

/** A run with two gates, one after the other, which ends when both are decided. */
let server: RawServer;
let decisions: { path: string; body: { note?: string } }[] = [];
let stream: Socket | undefined;
let seen = 0;

const event = (type: string, fields: object = {}) =>
  chunk(block({ type, runId: "r", timestampMs: 1000 + seen++, iteration: 0, ...fields }));
const opens = (nodeId: string) => event("NodeWaitingApproval", { nodeId, request: { title: `${nodeId}?` } });
const isDecided = (nodeId: string) => decisions.some(({ path }) => path.includes(`/nodes/${nodeId}/`));

/** Tells of a decision, whoever made it, and of what follows. */
function decide(nodeId: string): void {
  stream?.write(event("ApprovalGranted", { nodeId }));
  if (nodeId === "one") return void stream?.write(opens("two"));
  stream?.end(Buffer.concat([event("RunFinished"), Buffer.from(lastChunk)]));
}

beforeAll(async () => {
  server = await RawServer.start(({ method, path, body }, socket) => {
    if (method === "POST") {
      decisions.push({ path, body: JSON.parse(body) as { note?: string } });
      socket.end(answer(200, { runId: "r" }));
      return decide(isDecided("two") ? "two" : "one");
    }
    if (path.includes("/events")) {
      stream = socket;
      socket.write(streamHead);
      socket.write(event("RunStarted"));
      return socket.write(opens("one"));
    }
    const status = isDecided("two") ? "finished" : "running";
    const run = { runId: "r", workflowName: "w", status, startedAtMs: 1000, finishedAtMs: null, summary: {} };
    return socket.end(answer(200, path.includes("/frames") ? [] : run));
  });
});
afterAll(() => server.close());

let terminal: Terminal;
beforeEach(async () => {
  [decisions, stream, seen] = [[], undefined, 0];
  terminal = startInTerminal(["watch", "r"], { baseUrl: server.baseUrl, columns: 60 });
  await terminal.shows(/one waits[^]*\[a\/d\/s\]$/);
});
afterEach(() => terminal.close());

const made = () => decisions.map(({ path, body }) => [/nodes\/(.*)$/.exec(path)?.[1], body.note]);

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
  expect(decisions).toEqual([]);
  terminal.press("Enter");
  await terminal.shows(/two waits[^]*\[a\/d\/s\]$/);
  expect(made()).toEqual([["one/approve", "first line\na\nlast line"]]);
});

test("Ctrl-D at the question or at the note decides nothing, and the next question can be answered", async () => {
  terminal.press("C-d");
  await terminal.shows("to decide it later: smithers-client approve r one");
  decide("one");
  await terminal.shows(/two waits[^]*\[a\/d\/s\]$/);
  terminal.type("a\r");
  await terminal.shows(/note \(may be empty\):$/);
  terminal.press("C-d");
  await terminal.shows("to decide it later: smithers-client approve r two");
  expect(decisions).toEqual([]);
  terminal.press("C-c");
  expect(await terminal.ended()).toBe(130);
  expect(decisions).toEqual([]);
});

test("another word is no decision, and it says which are", async () => {
  terminal.type("abort\r");
  await terminal.shows(/please answer a or approve, d or deny, s or skip[^]*\[a\/d\/s\]$/);
  expect(decisions).toEqual([]);
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
  expect(decisions).toEqual([]);
});

test("a terminal that goes away ends it as SIGHUP does", async () => {
  expect(await terminal.hangUp()).toBe(129);
  expect(decisions).toEqual([]);
});

test("Ctrl-C leaves at once, with the terminal as it was", async () => {
  terminal.type("a\rsome note\u0003");
  expect(await terminal.ended()).toBe(130);
  expect(decisions).toEqual([]);
  expect(terminal.showsCursor).toBe(true);
  expect(terminal.record.lastIndexOf("\u001b[?2004l")).toBeGreaterThan(
    terminal.record.lastIndexOf("\u001b[?2004h"),
  );
});
