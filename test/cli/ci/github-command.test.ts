import { expect, test } from "vitest";
import { githubCommand, guardStream, neutralizeCommands } from "../../../src/cli/ci/github-command.js";
import type { OutputStream } from "../../../src/cli/context.js";

test.each([
  ["%", "%25"],
  ["100%0Adone", "100%250Adone"],
  ["one\ntwo", "one%0Atwo"],
  ["one\r\ntwo", "one%0D%0Atwo"],
  ["a:b,c", "a:b,c"],
  ["##[error]x", "#\\u0023[error]x"],
])("escapes the message %j as %j", (text, escaped) => {
  expect(githubCommand("error", text)).toBe(`::error::${escaped}`);
});

test.each([
  ["100%", "100%25"],
  ["gate:prod", "gate%3Aprod"],
  ["a,file=b", "a%2Cfile=b"],
  ["x::warning::y", "x%3A%3Awarning%3A%3Ay"],
  ["one\r\ntwo", "one%0D%0Atwo"],
  ["##[group]", "#\\u0023[group]"],
])("escapes the property %j as %j", (text, escaped) => {
  expect(githubCommand("notice", "hello", { title: text, file: "f" })).toBe(
    `::notice title=${escaped},file=f::hello`,
  );
});

test.each([
  ["::set-output name=x::1\n", "\\u003a:set-output name=x::1\n"],
  ["  ::add-mask::x\n", "  \\u003a:add-mask::x\n"],
  ["\t::stop-commands::x\n", "\t\\u003a:stop-commands::x\n"],
  ["fine\n::error::x\n \u00a0::error::y\n", "fine\n\\u003a:error::x\n \u00a0\\u003a:error::y\n"],
  ["a line ##[endgroup] of text\n", "a line #\\u0023[endgroup] of text\n"],
  ["###[error]\n", "##\\u0023[error]\n"],
  ["a::b and :c\n", "a::b and :c\n"],
])("writes %j as %j, so that it is not a command", async (text, shown) => {
  expect(neutralizeCommands(text)).toBe(shown);
  let written = "";
  const stream = { isTTY: true, write: async (part: string) => void (written += part) };
  const guarded = guardStream(stream as OutputStream);
  await guarded.write(text);
  expect(written).toBe(shown);
  expect(guarded).toMatchObject({ isTTY: true, unguarded: stream });
});

test("keeps the value of neutralized JSON", () => {
  const document = JSON.stringify({ text: "::error::x ##[error]y" }).slice(1);
  expect(JSON.parse(`{${neutralizeCommands(document)}`)).toEqual({ text: "::error::x ##[error]y" });
});
