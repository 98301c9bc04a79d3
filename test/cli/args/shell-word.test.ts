import { describe, expect, test } from "vitest";
import { commandLine } from "../../../src/cli/args/command-line.js";
import { shellWord } from "../../../src/cli/args/shell-word.js";

describe("a word in a command line", () => {
  test.each(["plain-1", "gate:prod@v1", "./deploy.tsx", "a_b+c,d", "4f1c", "/tmp/x", "-"])(
    "stands as it is where no shell changes it: %s",
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
    // What cannot be typed is shown.
    ["a\nb", "'a'\\\\'nb'"],
    ["\u001b[2J", "\\\\'u001b[2J'"],
  ])("%j is %s", (word, typed) => expect(shellWord(word)).toBe(typed));
});

test.each([
  [[], "smithers-client approve --iteration 2"],
  [["r", "gate"], "smithers-client approve --iteration 2 -- r gate"],
  [["--base-url=http://elsewhere"], "smithers-client approve --iteration 2 -- '--base-url=http://elsewhere'"],
  [["-w"], "smithers-client approve --iteration 2 -- -w"],
])("what a server named cannot become a flag: %j", (named, line) => {
  expect(commandLine(["approve", "--iteration", "2"], named)).toBe(line);
});

test("the server that a flag named is named again", () => {
  expect(commandLine(["status"], ["r"], "http://h/it's")).toBe(
    "smithers-client --base-url 'http://h/it'\\''s' status -- r",
  );
});
