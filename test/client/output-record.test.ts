import { expect, test } from "vitest";
import { OutputRecord } from "../../src/client/output-record.js";

const node = { runId: "r", nodeId: "gate:prod@v1", iteration: 0, attempt: 1 };
const correlation = { runId: "r", workflowName: "many", nodeId: "lint", iteration: 0 };
const outputs = [
  { type: "NodeOutput", ...node, text: 'größer "🚀"\\\n\u0001\u007f', stream: "stdout", timestampMs: 17e11 },
  { type: "ToolCallStarted", ...node, toolName: "bash", seq: -1.5e-7, timestampMs: 1, correlation },
  {
    type: "ToolCallFinished",
    ...node,
    status: "error",
    ok: false,
    no: null,
    timestampMs: 1,
    correlation: {},
  },
].map((event) => JSON.stringify(event));

test.each(outputs)("%s is parsed where somebody asks for it, once", (text) => {
  const record = OutputRecord.from(7, text);
  expect(record).toMatchObject({ seq: 7, data: text });
  expect(record?.event).toEqual(JSON.parse(text));
  expect(record?.event).toBe(record?.event);
});

test.each([
  ["an event that changes its run", '{"type":"NodeFinished","runId":"r"}'],
  ["one of an unknown type", '{"type":"NodeOutputs","runId":"r"}'],
  ["one whose type comes again", '{"type":"NodeOutput","runId":"r","type":"RunFinished"}'],
  ["one whose type comes again in other letters", '{"type":"NodeOutput","\\u0074ype":"RunFinished"}'],
  ["one whose type does not come first", '{"runId":"r","type":"NodeOutput"}'],
  ["two in one", '{"type":"NodeOutput"},{"type":"NodeOutput"}'],
  ["a long one", JSON.stringify({ type: "NodeOutput", text: "\n".repeat(10_000_000) })],
])("%s is parsed at once", (_, text) => {
  expect(OutputRecord.from(0, text)).toBeUndefined();
});

test("no change of one character makes it believe text that is not JSON, or of another type", () => {
  const letters = ['"', "\\", "{", "}", "[", ",", ":", "0", "-", ".", "e", "x", "\u0001", "\n", " "];
  let believed = 0;
  for (const text of outputs) {
    const { type } = JSON.parse(text) as { type: string };
    for (let at = 0; at <= text.length; at++) {
      for (const middle of ["", ...letters]) {
        for (const rest of [text.slice(at), text.slice(at + 1)]) {
          const changed = text.slice(0, at) + middle + rest;
          if (OutputRecord.from(0, changed) === undefined) continue;
          believed++;
          expect((JSON.parse(changed) as { type: string }).type).toBe(type);
        }
      }
    }
  }
  expect(believed).toBeGreaterThan(1000);
});
