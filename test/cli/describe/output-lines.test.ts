import { expect, test } from "vitest";
import { OutputLines } from "../../../src/cli/describe/output-lines.js";
import type { SmithersEvent } from "../../../src/client/index.js";

const event = (type: string, fields: object = {}) =>
  ({
    ...{ type, runId: "r", nodeId: "n", iteration: 0, attempt: 1, timestampMs: 1000 },
    ...fields,
  }) as SmithersEvent;
const output = (text: unknown, fields: object = {}) =>
  event("NodeOutput", { text, stream: "stdout", ...fields });

/** The complete lines of these events, then `--`, then the unfinished lines. */
function linesOf(...events: SmithersEvent[]): string[] {
  const lines = new OutputLines();
  const complete = events.flatMap((each) => lines.push(each).map(({ text }) => text));
  return [...complete, "--", ...lines.flush().map(({ text }) => text)];
}

test.each<[string, string[], string[]]>([
  ["lines of one chunk", ["one\ntwo\n"], ["one", "two", "--"]],
  ["a line of several chunks", ["o", "n", "e\nt", "wo\n"], ["one", "two", "--"]],
  ["a chunk that ends within a line", ["one\ntw"], ["one", "--", "tw"]],
  ["empty lines", ["\n\none\n", "\n"], ["", "", "one", "", "--"]],
  ["CRLF, also between two chunks", ["one\r\ntwo\r", "\nthree\r\n"], ["one", "two", "three", "--"]],
  ["a character between two chunks", ["🚀".slice(0, 1), "🚀".slice(1), "\n"], ["🚀", "--"]],
  ["a chunk without text", ["one", "", "\n"], ["one", "--"]],
])("reads %s", (_, chunks, lines) => {
  expect(linesOf(...chunks.map((text) => output(text)))).toEqual(lines);
});

test("chunks of other nodes, iterations, attempts and streams belong to other lines", () => {
  const others = [{ nodeId: "m" }, { iteration: 1 }, { attempt: 2 }, { stream: "stderr" }];
  const all = [{}, ...others].flatMap((fields, index) => [
    output(`${index} begins`, fields),
    ...(index === 4 ? others.map((other, at) => output(` and ends ${at + 1}\n`, other)) : []),
  ]);
  expect(linesOf(...all, output(" and ends 0\n"))).toEqual([
    ...[1, 2, 3, 4, 0].map((index) => `${index} begins and ends ${index}`),
    "--",
  ]);
});

test.each(["NodeFinished", "NodeFailed", "NodeCancelled", "NodeSkipped", "NodeRetrying"])(
  "%s ends only the line of its node",
  (type) => {
    const events = [output("last words"), output("goes on", { nodeId: "m" }), event(type)];
    expect(linesOf(...events)).toEqual(["last words", "--", "goes on"]);
  },
);

test.each(["RunFinished", "RunFailed", "RunCancelled", "RunContinuedAsNew", "RunStarted"])(
  "%s ends all lines",
  (type) => {
    expect(linesOf(output("a"), output("b", { nodeId: "m" }), event(type))).toEqual(["a", "b", "--"]);
  },
);

test("a line of many megabytes is split without breaking a character", () => {
  const text = "🚀".repeat(1_500_000);
  const lines = linesOf(output(`x${text}`), output("\nnext\n"));
  expect(lines.slice(0, -2).join("")).toBe(`x${text}`);
  for (const line of lines) {
    expect(line.length).toBeLessThanOrEqual(2 ** 20);
    expect(line).not.toMatch(/\p{Cs}/u);
  }
  expect(lines.slice(-2)).toEqual(["next", "--"]);
});

test("an unfinished line of many chunks is never longer than the maximum length", () => {
  const lines = new OutputLines();
  let longest = 0;
  for (let chunk = 0; chunk < 3000; chunk++) {
    for (const { text } of lines.push(output("x".repeat(1000)))) longest = Math.max(longest, text.length);
  }
  const left = lines.flush().map(({ text }) => text.length);
  expect({ longest, left }).toEqual({ longest: 2 ** 20, left: [3_000_000 % 2 ** 20] });
});

test("output that is not text is ignored", () => {
  expect(linesOf(output(7), output(undefined), output({ a: 1 }), output("a\n", { nodeId: 5 }))).toEqual([
    "--",
  ]);
});
