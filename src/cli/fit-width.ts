import stringWidth from "string-width";

const characters = new Intl.Segmenter();

/** Shortens a text that is visible already to so many columns of a terminal, with a mark at its end where it was cut. */
export function fitWidth(text: string, columns: number, mark = "…"): string {
  if (columns === Infinity || stringWidth(text) <= columns) return text;
  const room = columns - stringWidth(mark);
  let fitting = "";
  let width = 0;
  for (const { segment } of characters.segment(text)) {
    width += stringWidth(segment);
    if (width > room) break;
    fitting += segment;
  }
  return room < 0 ? "" : fitting + mark;
}
