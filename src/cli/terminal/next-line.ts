/** Stands for a pasted line break in an answer. It is part of the answer and does not submit it. */
export const pastedBreak = "↵";

const pasteBegins = "\u001b[200~";
const pasteEnds = "\u001b[201~";
/** Ctrl-C. */
export const interruptKey = "\u0003";
/** Ctrl-Z. */
export const suspendKey = "\u001a";
export const escapeKey = "\u001b";

export interface NextLine {
  /** The keys for the line editor. */
  keys: string;
  /** What comes after them, for the next line. */
  rest: string;
  /** Whether the line is complete. */
  hasLine: boolean;
  /** Whether the text ended in the middle of a paste. */
  isPasting: boolean;
}

/**
 * Takes the first line off what was typed at a terminal that marks pastes. Of a paste, takes only the text and its line
 * breaks; control characters in it have no effect.
 */
export function nextLine(typed: string, wasPasting = false): NextLine {
  let keys = "";
  let rest = typed;
  let isPasting = wasPasting;
  while (rest !== "") {
    if (isPasting) {
      // Ctrl-C must work even if the end of a paste was lost.
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
 * Returns the text before the mark and the text after it. If there is no mark, returns the text up to what may be the
 * start of one whose rest has not arrived yet.
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
