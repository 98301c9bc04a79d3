import { expect, test } from "vitest";
import { EventBatch } from "../../src/client/event-batch.js";
import { EventDecoder } from "../../src/client/event-decoder.js";
import { OutputBlocks } from "../../src/client/output-blocks.js";
import { OutputRecord } from "../../src/client/output-record.js";

const output = (text: string) =>
  JSON.stringify({ type: "NodeOutput", runId: "r", nodeId: "a", text, stream: "stdout", timestampMs: 17e11 });
const finished = '{"type":"NodeFinished","nodeId":"a"}';
const block = (data: string) => `event: smithers\ndata: ${data}\n\n`;
const blocks = (...datas: string[]) => datas.map(block).join("");

/** What comes of the text in chunks of a size: the texts of the events, and how many were left together. */
function decode(text: string, size: number, keepsOutput: boolean): { datas: string[]; kept: number } {
  const bytes = new TextEncoder().encode(text);
  const decoder = new EventDecoder();
  const datas: string[] = [];
  let kept = 0;
  for (let at = 0; at < bytes.length; at += size) {
    for (const message of decoder.push(bytes.subarray(at, at + size), keepsOutput)) {
      if (!(message instanceof OutputBlocks)) datas.push(message.data);
      else {
        kept += message.count;
        datas.push(...message.records.map(({ data }) => data));
        expect(message.last.data).toBe(datas.at(-1));
      }
    }
  }
  return { datas, kept };
}

const stream =
  "retry: 1000\n\n" +
  blocks(output("1"), output('größer "🚀"\\\n\u0001'), finished, output("2")) +
  ": keep-alive\n\n" +
  blocks(output("3")) +
  `event: other\ndata: ${output("no")}\n\n` +
  `data: ${output("4")}\n\n\n\n` +
  blocks(output("5"), finished, finished, output("6"));

test.each([1, 2, 7, 64, 200, 10_000])(
  "the same events whether output is kept or not, in %i bytes",
  (size) => {
    for (const text of [stream, stream.replaceAll("\n", "\r\n"), `\ufeff${stream}`]) {
      const kept = decode(text, size, true);
      expect(kept.datas).toEqual(decode(text, size, false).datas);
      expect(kept.datas).toHaveLength(10);
      // In small chunks no block is ever whole.
      if (size === 10_000) expect(kept.kept).toBe(6);
    }
  },
);

test("no change of one character changes which events there are", () => {
  const text = blocks(output("1\n"), output("2"));
  let kept = 0;
  for (let at = 0; at <= text.length; at++) {
    for (const middle of ["", '"', "\\", "{", "}", ",", ":", "0", "x", "\u0001", "\n", "\n\n", "\r", " "]) {
      for (const rest of [text.slice(at), text.slice(at + 1)]) {
        const changed = text.slice(0, at) + middle + rest;
        const found = decode(changed, changed.length * 4, true);
        expect(found.datas).toEqual(decode(changed, changed.length * 4, false).datas);
        kept += found.kept;
      }
    }
  }
  expect(kept).toBeGreaterThan(1000);
});

test("a batch tells of its events one by one, as lines, and of those that may change the run", () => {
  const kept = OutputBlocks.at(0, blocks(output("1"), output("2")));
  if (kept === undefined) throw new Error("these are output");
  kept.seq = 5;
  const spread = { seq: 7, data: '{\n"type":"NodeStarted" }', event: { type: "NodeStarted" } as never };
  const batch = new EventBatch([kept, spread, new OutputRecord(8, output("3"))]);
  expect(batch.length).toBe(4);
  expect(Array.from(batch, ({ seq }) => seq)).toEqual([5, 6, 7, 8]);
  expect(batch.events).toEqual(
    [output("1"), output("2"), spread.data, output("3")].map((text) => JSON.parse(text) as object),
  );
  expect(batch.telling.map(({ type }) => type)).toEqual(["NodeStarted", "NodeOutput"]);
  expect(batch.lines).toBe(
    [output("1"), output("2"), '{ "type":"NodeStarted" }', output("3")].map((line) => `${line}\n`).join(""),
  );
});
