import stringWidth from "string-width";

/** Made on use: it takes 7 ms, as much as all else that a command does before its request. */
let characters: Intl.Segmenter | undefined;

/** How many columns of a terminal a text takes; escape sequences take none. */
export function columnsOf(text: string): number {
  // Most texts are of ASCII and our own symbols, and measuring others takes fifty times as long.
  return /^[ -~·›…─-╿■●◆↻✓✗⠀-⣿]*$/.test(text) ? text.length : stringWidth(text);
}

/** Shortens a text that is visible already to so many columns of a terminal, with a mark at its end where it was cut. */
export function fitWidth(text: string, columns: number, mark = "…"): string {
  if (columnsOf(text) <= columns) return text;
  const room = columns - columnsOf(mark);
  let fitting = "";
  let width = 0;
  characters ??= new Intl.Segmenter();
  for (const { segment } of characters.segment(text)) {
    width += columnsOf(segment);
    if (width > room) break;
    fitting += segment;
  }
  return room < 0 ? "" : fitting + mark;
}
