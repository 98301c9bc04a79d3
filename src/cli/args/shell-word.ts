import { escapeControls } from "../terminal/escape-controls.js";

/**
 * A word as it is typed in sh, bash, zsh or fish, at a prompt too. Control characters and the like are shown as escapes:
 * the word is then not the one meant, but no server can be asked about an id with such characters anyway.
 *
 * Our own, since the libraries quote for one shell at a time. In single quotes sh reads a backslash as it is and fish
 * does not, so backslashes and quotes stand outside of them; what zsh expands at a word's start (`=ls`) or fish
 * (`%self`, `~`) stands inside.
 */
export function shellWord(word: string): string {
  const shown = escapeControls(word);
  if (shown === "") return "''";
  if (/^[\w@+:,./-]+$/.test(shown)) return shown;
  return shown.replace(/[^'\\]+|['\\]/g, (part) => (/['\\]/.test(part) ? `\\${part}` : `'${part}'`));
}
