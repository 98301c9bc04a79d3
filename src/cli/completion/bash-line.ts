/** A command line up to the cursor, as bash passes it to a completion. */
export interface BashLine {
  /** The complete words after the program's name, without their quotes. */
  typed: string[];
  /** The word at the cursor, without its quotes. */
  current: string;
  /**
   * Returns the text that replaces bash's word at the cursor, so that the whole word becomes this one, quoted for its
   * position. `undefined` if the word does not start with the current one, or cannot be written there.
   */
  replacement(word: string): string | undefined;
}

/**
 * Parses a line by bash's own rules. Expands nothing in it.
 *
 * @param breaks bash's `COMP_WORDBREAKS`: the characters at which bash starts a new word for a completion, so that it
 *   only replaces `pro` in `gate:pro`
 */
export function readBashLine(line: string, breaks: string): BashLine {
  const words: string[] = [];
  let current: string | undefined;
  let quote = "";
  /** The part of the current word before the text that bash replaces. */
  let kept = "";
  const characters = [...line];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    if (quote === "" && /\s/.test(character)) {
      if (current !== undefined) words.push(current);
      current = undefined;
      kept = "";
      continue;
    }
    current ??= "";
    if (character === quote) {
      quote = "";
    } else if (quote === "" && (character === "'" || character === '"')) {
      quote = character;
      kept = current;
    } else if (character === "\\" && quote !== "'") {
      const next = characters[++at] ?? "";
      current += quote === '"' && !/["$`\\]/.test(next) ? `\\${next}` : next;
    } else {
      // An @ starts a new word too, but is part of it.
      if (quote === "" && breaks.includes(character))
        kept = character === "@" ? current : current + character;
      current += character;
    }
  }
  // Words before the program's name set variables.
  const first = words.findIndex((word) => !/^\w+=/.test(word));
  return {
    typed: words.slice(first + 1),
    current: current ?? "",
    replacement(word) {
      if (!word.startsWith(current ?? "")) return undefined;
      return quoted(word.slice(kept.length), quote);
    },
  };
}

/** Quotes text for its position: inside an open quote, or outside of any. `undefined` if that is not possible. */
function quoted(text: string, quote: string): string | undefined {
  if (quote === "'") return text.includes("'") ? undefined : text;
  if (quote === '"') return /["$`\\!]/.test(text) ? undefined : text;
  return text.replace(/[^\p{L}\p{N}_@%+=:,./-]/gu, "\\$&");
}
