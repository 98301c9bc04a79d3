import { visibleText } from "./terminal/visible-text.js";

/** A word as a person would type it in a shell: as it is, or in single quotes. */
export function shellWord(word: string): string {
  const shown = visibleText(word);
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
