import { expect, test } from "vitest";
import { GithubLines } from "../../../src/cli/ci/github-lines.js";
import type { SmithersEvent } from "../../../src/client/index.js";
import { styleOf } from "../style.js";

const event = (type: string, fields: object = {}) =>
  ({
    ...{ type, runId: "r", nodeId: "n", iteration: 0, attempt: 1, timestampMs: 1000 },
    ...fields,
  }) as SmithersEvent;

/** The lines in the group of a node that printed this text. */
function groupOf(text: string): string[] {
  const lines = new GithubLines(styleOf(), () => 1000);
  lines.print(event("NodeStarted"));
  expect(lines.print(event("NodeOutput", { text }))).toBe("");
  return lines.print(event("NodeFinished")).split("\n").slice(2, -2);
}

test.each([
  ["hello", ["| hello"]],
  ["one\ntwo\n", ["| one", "| two"]],
  ["    0.0s  run             finished", ["|     0.0s  run             finished"]],
  ["::error::forged", ["| ::error::forged"]],
  ["##[endgroup]", ["| #\\u0023[endgroup]"]],
  ["\u001b[2J\rgone", ["| \\u001b[2J\\rgone"]],
])("prefixes the output %j in its node's group", (text, shown) => {
  expect(groupOf(text)).toEqual(shown);
});

test("escapes commands in a tool's name", () => {
  const lines = new GithubLines(styleOf(), () => 1000);
  lines.print(event("NodeStarted"));
  lines.print(event("ToolCallStarted", { toolName: "##[endgroup]\n::error::x" }));
  const group = lines.print(event("NodeFinished"));
  expect(group).toContain("\ntool #\\u0023[endgroup]\\n::error::x\n::endgroup::\n");
});

test("prints the output of unfinished nodes at the end", () => {
  const lines = new GithubLines(styleOf(), () => 1000);
  lines.print(event("NodeStarted"));
  lines.print(event("NodeOutput", { text: "last words" }));
  expect(lines.end()).toMatch(/^::group::n has not ended\n[^]*\n\| last words\n::endgroup::\n$/);
  expect(lines.end()).toBe("");
});

test("joins chunks into lines, and prints an unfinished line in its node's group", () => {
  const lines = new GithubLines(styleOf(), () => 1000);
  lines.print(event("NodeStarted"));
  for (const text of ["o", "ne\ntw", "o"]) lines.print(event("NodeOutput", { text }));
  expect(lines.print(event("NodeFinished")).split("\n").slice(2, -2)).toEqual(["| one", "| two"]);
});

test("limits a node's output in bytes, and says how many lines are left out", () => {
  const lines = new GithubLines(styleOf(), () => 1000);
  lines.print(event("NodeStarted"));
  for (let n = 0; n < 3000; n++) lines.print(event("NodeOutput", { text: `${"進".repeat(600)}\n` }));
  const group = lines.print(event("NodeFinished"));
  expect(Buffer.byteLength(group)).toBeLessThan(2.2 * 1024 * 1024);
  expect(group).toMatch(/\(\d+ earlier lines left out\)/);
});
