import fastStringWidth from "fast-string-width";

/** Created on first use: that takes 7 ms, as much as everything else that a command does before its request. */
let characters: Intl.Segmenter | undefined;

/** Matches a text of only ASCII and the CLI's own symbols, one column each. Most texts are like that. */
const plain = /^[ -~·›…─-╿■●◆↻✓✗⠀-⣿]*$/;

/** What the library counts one column too few for: spacing marks, such as the vowels of Hindi and Tamil, and Yi. */
const undercounted = /[\p{Mc}\p{Script=Yi}]/gu;

/** More code units than a character has for each of its columns, unless marks are stacked on it. */
const maxUnits = 32;

/** Returns how many columns of a terminal a text takes. Escape sequences take none. */
export function columnsOf(text: string): number {
  if (plain.test(text)) return text.length;
  return fastStringWidth(text) + (text.match(undercounted)?.length ?? 0);
}

/** Returns how many columns the widest of the texts takes; 0 if there are none. */
export function maxColumnsOf(texts: readonly string[]): number {
  return texts.reduce((max, text) => Math.max(max, columnsOf(text)), 0);
}

/** Shortens an escaped text to this many columns of a terminal, with a mark at its end if it was cut. */
export function fitWidth(text: string, columns: number, mark = "…"): string {
  // However long the text is, look only at the part that may be shown.
  const mayFit = text.length <= (columns + 1) * maxUnits;
  const beginning = mayFit ? text : text.slice(0, (columns + 1) * maxUnits);
  if (mayFit && columnsOf(text) <= columns) return text;
  const room = columns - columnsOf(mark);
  if (room < 0) return "";
  if (plain.test(beginning)) return beginning.slice(0, room) + mark;
  let fitting = "";
  let width = 0;
  characters ??= new Intl.Segmenter();
  for (const { segment, index } of characters.segment(beginning)) {
    width += columnsOf(segment);
    const mayBeCut = !mayFit && index + segment.length === beginning.length;
    if (width > room || mayBeCut) break;
    fitting += segment;
  }
  return fitting + mark;
}
