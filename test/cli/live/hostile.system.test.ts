import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FrameNode } from "../../../src/client/index.js";
import { answer, block, chunk, lastChunk, RawServer, streamHead } from "../../faults/raw-server.js";
import { element, frameOf, hostileTexts, task } from "../frames.js";
import { cli } from "../run-cli.js";
import { startInTerminal } from "../binary-terminal.js";

const runId = "hostile";
const startedAtMs = Date.now();
const words = hostileTexts.join(" ");

/** A run with hostile control sequences in every text, and a tree that is far larger than a window. */
const tree = element(
  "workflow",
  { name: words },
  ...hostileTexts.map((text) =>
    element(text, { id: `group ${text}` }, task(text, { label: text }), task(`${text}?`)),
  ),
  element("parallel", {}, ...Array.from({ length: 150 }, (_, index) => task(`task-${index}`))),
);
const earlier: FrameNode = element(
  "workflow",
  { name: words },
  ...hostileTexts.map((text) => task(text, { label: `${text}!`, [text]: text })),
);

const event = (type: string, fields: object = {}) =>
  block({ type, runId, timestampMs: startedAtMs, iteration: 0, attempt: 1, ...fields });
const history = [
  event("RunStarted"),
  event("FrameCommitted", { frameNo: 1 }),
  ...hostileTexts.flatMap((text) => [
    event("NodeStarted", { nodeId: text }),
    event("NodeFailed", { nodeId: text, error: { message: text } }),
    event("NodeWaitingApproval", { nodeId: `${text}?`, request: { title: text, summary: text } }),
  ]),
  event("RunStatusChanged", { status: words }),
];

const ending = Buffer.concat([chunk(event("RunFailed", { error: words })), Buffer.from(lastChunk)]);

let server: RawServer;
/** The open event streams of the run. */
const streams: Socket[] = [];
let hasEnded = false;
beforeAll(async () => {
  server = await RawServer.start(({ path }, socket) => {
    if (path.includes("/frames"))
      return void socket.end(answer(200, [frameOf(tree, {}, 2), frameOf(earlier)]));
    if (path.includes("/events")) {
      socket.write(streamHead);
      for (const each of history) socket.write(chunk(each));
      return void (hasEnded ? socket.end(ending) : streams.push(socket));
    }
    const [status, finishedAtMs] = hasEnded ? ["failed", startedAtMs] : ["running", null];
    socket.end(
      answer(200, { runId, workflowName: words, status, startedAtMs, finishedAtMs, summary: { [words]: 3 } }),
    );
  });
});
afterAll(() => server.close());

const [escape, bel] = ["\u001b", "\u0007"];
/** The control sequences that we write: colors, cursor movement, line ends, and the bell. */
const ours = new RegExp(`${escape}\\[\\??[\\d;]*[mhlAKBG]|\\r|\\n|${bel}`, "g");

/** Expects no control characters, and no characters that reverse or hide text. */
function expectHarmless(text: string): void {
  expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u);
}

describe.each([
  [80, 24],
  [200, 50],
  [40, 10],
])("at %d × %d", (columns, rows) => {
  test("the live view stays within its window, and leaves only lines at its end", async () => {
    hasEnded = false;
    const screen = startInTerminal(["watch", runId, "--on-approval", "wait"], {
      columns,
      rows,
      baseUrl: server.baseUrl,
    });
    try {
      const lines = (await screen.shows(/^\S title[^]*^└─ [+·]/m)).split("\n");
      expect(lines.filter((line) => /^[^├└│ ] title/.test(line))).toHaveLength(1);
      const title = screen.title;
      const record = screen.record;
      // Only our own control sequences may reach the terminal.
      expectHarmless(record.replaceAll(ours, ""));
      hasEnded = true;
      for (const stream of streams.splice(0)) stream.end(ending);
      expect(await screen.ended()).toBe(1);
      expect(screen.title).toBe(title);
      expect(await screen.scrollback()).not.toMatch(/[├└]─/);
    } finally {
      await screen.close();
    }
  });
});

test.each(["status", "frames"])("%s shows hostile texts in whole lines", async (command) => {
  hasEnded = true;
  const { stdout, stderr, exitCode } = await cli([command, runId], {
    baseUrl: server.baseUrl,
    env: { COLUMNS: "60" },
  });
  expect(exitCode, stderr).toBe(0);
  for (const line of stdout.split("\n")) expectHarmless(line);
  expect(stdout).toContain("clear \\u001b[2J\\u001b[H");
  expect(stdout).not.toMatch(/^forged/m);
});
