import { escapeControls } from "../terminal/escape-controls.js";

/**
 * Quotes a word for sh, bash, zsh or fish, so that it is also safe at a prompt. Control characters and the like are
 * escaped. That changes the word, but no server can look up an id with such characters anyway.
 *
 * Not from a library, because libraries quote for one shell at a time. Inside single quotes, sh reads a backslash
 * literally and fish does not, so backslashes and quotes go outside of them. What zsh (`=ls`) or fish (`%self`, `~`)
 * expands at the start of a word goes inside.
 */
export function shellWord(word: string): string {
  const shown = escapeControls(word);
  if (shown === "") return "''";
  if (/^[\w@+:,./-]+$/.test(shown)) return shown;
  return shown.replace(/[^'\\]+|['\\]/g, (part) => (/['\\]/.test(part) ? `\\${part}` : `'${part}'`));
}
