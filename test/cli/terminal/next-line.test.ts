import { describe, expect, test } from "vitest";
import { nextLine } from "../../../src/cli/terminal/next-line.js";

const begins = "\u001b[200~";
const ends = "\u001b[201~";

/** The lines of a text that arrives in these pieces, and what is left of it. */
function linesOf(...pieces: string[]): { lines: string[]; begun: string } {
  const lines: string[] = [];
  let [keys, rest, isPasting] = ["", "", false];
  for (const piece of pieces) {
    rest += piece;
    for (;;) {
      const next = nextLine(rest, isPasting);
      ({ rest, isPasting } = next);
      keys += next.keys;
      if (!next.hasLine) break;
      lines.push(keys);
      keys = "";
    }
  }
  return { lines, begun: keys };
}

describe("typed text", () => {
  test.each<[string, string[], string[], string]>([
    [
      "is taken a line at a time, and what is typed ahead is left",
      ["a\rlooks good\rd\r"],
      ["a\r", "looks good\r", "d\r"],
      "",
    ],
    ["has other ends of lines too", ["a\nb\r\nc"], ["a\r", "b\r"], "c"],
    ["may come in pieces", ["appr", "ove", "\r"], ["approve\r"], ""],
    ["keeps the keys of the line's editor", ["a\u001b[D\u0004\u001b", "b"], [], "a\u001b[D\u0004\u001bb"],
  ])("%s", (_, pieces, lines, begun) => {
    expect(linesOf(...pieces)).toEqual({ lines, begun });
  });
});

describe("pasted text", () => {
  test.each<[string, string[], string[], string]>([
    ["does not end a line", [`${begins}one\rtwo\n${ends}`, "\r"], ["one↵two↵\r"], ""],
    ["may come in pieces, cut anywhere", [...`x${begins}one\rtwo${ends}y\r`], ["xone↵twoy\r"], ""],
    ["presses no keys", [`${begins}a\u0003\u0004\u001b[A\tb${ends}\r`], ["a[A b\r"], ""],
    ["does not keep anybody when its end was lost", [`${begins}a\r`, "\u0003"], [], "a↵\u0003"],
  ])("%s", (_, pieces, lines, begun) => {
    expect(linesOf(...pieces)).toEqual({ lines, begun });
  });
});
