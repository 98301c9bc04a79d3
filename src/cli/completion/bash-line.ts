/** A command line as bash gives it to a completion, up to the cursor. */
export interface BashLine {
  /** The words after the program's name that are complete, without their quotes. */
  typed: string[];
  /** The word at the cursor, without its quotes. */
  current: string;
  /**
   * What replaces what bash takes for the word at the cursor, so that the whole word becomes this one, quoted
   * for where it stands; undefined for a word that does not begin as the current one, or cannot be written there.
   */
  replacement(word: string): string | undefined;
}

/**
 * Reads a line by bash's own rules. Nothing in it is expanded.
 *
 * @param breaks bash's `COMP_WORDBREAKS`: the characters at which it takes a new word to begin for a completion, so
 *   that of `gate:pro` it replaces `pro` alone
 */
export function readBashLine(line: string, breaks: string): BashLine {
  const words: string[] = [];
  let current: string | undefined;
  let quote = "";
  /** What of the current word stands in front of what bash replaces. */
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
      // An @ begins a word too, but is a part of it.
      if (quote === "" && breaks.includes(character))
        kept = character === "@" ? current : current + character;
      current += character;
    }
  }
  // What stands in front of the program's name sets variables.
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

/** The text as it has to be written where a quote is open, or none. */
function quoted(text: string, quote: string): string | undefined {
  if (quote === "'") return text.includes("'") ? undefined : text;
  if (quote === '"') return /["$`\\!]/.test(text) ? undefined : text;
  return text.replace(/[^\p{L}\p{N}_@%+=:,./-]/gu, "\\$&");
}
