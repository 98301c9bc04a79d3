import { describe, expect, test } from "vitest";
import { readBashLine } from "../../../src/cli/completion/bash-line.js";

const breaks = " \t\n\"'@><=;|&(:";
/** The text that replaces the end of the line in bash if the word is chosen. */
const replaced = (line: string, word: string, wordBreaks = breaks) =>
  readBashLine(`smithers-client ${line}`, wordBreaks).replacement(word);

describe("a bash command line", () => {
  test.each([
    ["smithers-client ", [], ""],
    ["smithers-client status 4f", ["status"], "4f"],
    ['  smithers-client\tstatus  \'a b\' "c\\"d\\e" f\\ g ', ["status", "a b", 'c"d\\e', "f g"], ""],
    ["A=1 B='x y' smithers-client ls --st", ["ls"], "--st"],
    ["smithers-client status $(touch owned) `x", ["status", "$(touch", "owned)"], "`x"],
    ["smithers-client status 'open q", ["status"], "open q"],
    ["smithers-client status dangling\\", ["status"], "dangling"],
  ])("%j is parsed without being expanded", (line, typed, current) => {
    expect(readBashLine(line, breaks)).toMatchObject({ typed, current });
  });

  test("is completed after the last word break, and @ is part of its word", () => {
    expect(replaced("approve x gate:pro", "gate:prod@v1")).toBe("prod@v1");
    expect(replaced("approve x gate:prod@v", "gate:prod@v1")).toBe("@v1");
    expect(replaced("approve x gate:pro", "gate:prod@v1", " \t\n")).toBe("gate:prod@v1");
    expect(replaced("watch --on-approval=e", "--on-approval=exit")).toBe("exit");
    expect(replaced("status @la", "@latest")).toBe("@latest");
  });

  test("is completed inside open quotes, or not at all", () => {
    expect(replaced("status a", "a $(b) 'c'")).toBe("a\\ \\$\\(b\\)\\ \\'c\\'");
    expect(replaced("status 'a", "a $(b)")).toBe("a $(b)");
    expect(replaced("status 'a", "a 'b")).toBeUndefined();
    expect(replaced('status "a', "a b'")).toBe("a b'");
    for (const word of ["a$b", "a`b", 'a"b', "a\\b", "a!b"])
      expect(replaced('status "a', word)).toBeUndefined();
    expect(replaced("status b", "a")).toBeUndefined();
  });
});
