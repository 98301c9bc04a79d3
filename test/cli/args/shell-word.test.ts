import { describe, expect, test } from "vitest";
import { commandLine } from "../../../src/cli/args/command-line.js";
import { shellWord } from "../../../src/cli/args/shell-word.js";

describe("a word in a command line", () => {
  test.each(["plain-1", "gate:prod@v1", "./deploy.tsx", "a_b+c,d", "4f1c", "/tmp/x", "-"])(
    "is not quoted if no shell changes it: %s",
    (word) => expect(shellWord(word)).toBe(word),
  );

  test.each([
    ["", "''"],
    ["a b", "'a b'"],
    ["$HOME", "'$HOME'"],
    ["$(touch x)", "'$(touch x)'"],
    ["`x`", "'`x`'"],
    ["a;b", "'a;b'"],
    ["a&b|c", "'a&b|c'"],
    ["*", "'*'"],
    ["[a-z]?", "'[a-z]?'"],
    ["{a,b}", "'{a,b}'"],
    ["a>b<c", "'a>b<c'"],
    ["#x", "'#x'"],
    ["!!", "'!!'"],
    ["=ls", "'=ls'"],
    ["~root", "'~root'"],
    ["%self", "'%self'"],
    ["^a^b", "'^a^b'"],
    ["größe", "'größe'"],
    ["it's", "'it'\\''s'"],
    ["'", "\\'"],
    ["a\\b", "'a'\\\\'b'"],
    ['"', "'\"'"],
    // Characters that cannot be typed are escaped.
    ["a\nb", "'a'\\\\'nb'"],
    ["\u001b[2J", "\\\\'u001b[2J'"],
  ])("%j is written as %s", (word, typed) => expect(shellWord(word)).toBe(typed));
});

test.each([
  [[], "smithers-client approve --iteration 2"],
  [["r", "gate"], "smithers-client approve --iteration 2 -- r gate"],
  [["--base-url=http://elsewhere"], "smithers-client approve --iteration 2 -- '--base-url=http://elsewhere'"],
  [["-w"], "smithers-client approve --iteration 2 -- -w"],
])("names from the server cannot become flags: %j", (named, line) => {
  expect(commandLine(["approve", "--iteration", "2"], named)).toBe(line);
});

test("a server given with --base-url is repeated", () => {
  expect(commandLine(["status"], ["r"], "http://h/it's")).toBe(
    "smithers-client --base-url 'http://h/it'\\''s' status -- r",
  );
});
