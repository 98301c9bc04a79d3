/** Stands in an answer for the end of a line that was pasted: it belongs to the answer, and does not send it. */
export const pastedBreak = "↵";

const pasteBegins = "\u001b[200~";
const pasteEnds = "\u001b[201~";
/** Ctrl-C. */
export const interruptKey = "\u0003";
/** Ctrl-Z. */
export const suspendKey = "\u001a";
export const escapeKey = "\u001b";

export interface NextLine {
  /** What the line's editor is to be given. */
  keys: string;
  /** What comes after it, for the next line. */
  rest: string;
  /** Whether the line is complete. */
  hasLine: boolean;
  /** Whether the text ended in the middle of what is being pasted. */
  isPasting: boolean;
}

/**
 * Takes the first line off what was typed, as it came from a terminal that marks what is pasted. Of what is pasted only
 * text is taken, with its lines; no control character in it does anything.
 */
export function nextLine(typed: string, wasPasting = false): NextLine {
  let keys = "";
  let rest = typed;
  let isPasting = wasPasting;
  while (rest !== "") {
    if (isPasting) {
      // A paste whose end was lost must not keep a person from leaving.
      if (rest === interruptKey) return { keys: keys + rest, rest: "", hasLine: false, isPasting: false };
      const [pasted, after] = splitAt(rest, pasteEnds);
      keys += textOf(pasted);
      if (after === undefined) return { keys, rest: rest.slice(pasted.length), hasLine: false, isPasting };
      rest = after;
      isPasting = false;
      continue;
    }
    const [plain, after] = splitAt(rest, pasteBegins);
    const end = /\r\n?|\n/.exec(plain);
    if (end !== null) {
      const length = end.index + end[0].length;
      return {
        keys: keys + plain.slice(0, end.index) + "\r",
        rest: rest.slice(length),
        hasLine: true,
        isPasting,
      };
    }
    keys += plain;
    if (after === undefined) return { keys, rest: rest.slice(plain.length), hasLine: false, isPasting };
    rest = after;
    isPasting = true;
  }
  return { keys, rest, hasLine: false, isPasting };
}

/**
 * The text before the mark, and the one after it; where there is no mark, the text up to what may be the beginning of
 * one, of which the rest has not come yet.
 */
function splitAt(text: string, mark: string): [before: string, after: string | undefined] {
  const at = text.indexOf(mark);
  if (at !== -1) return [text.slice(0, at), text.slice(at + mark.length)];
  for (let length = Math.min(text.length, mark.length - 1); length > 0; length--) {
    if (text.endsWith(mark.slice(0, length))) return [text.slice(0, -length), undefined];
  }
  return [text, undefined];
}

function textOf(pasted: string): string {
  return pasted
    .replace(/\r\n?|\n/g, pastedBreak)
    .replaceAll("\t", " ")
    .replace(/\p{Cc}/gu, "");
}
