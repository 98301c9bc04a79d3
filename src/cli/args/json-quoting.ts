import { shellWord } from "./shell-word.js";

/** The placeholder of every option that takes JSON. */
export const jsonPlaceholder = "json|@file|-";

/** Explains how to give a flag its JSON so that no shell changes it. */
export function quotingHint(flag: string): string {
  return (
    `put it in single quotes, as ${flag} ${shellWord('{"environment":"staging"}')}; ` +
    `where the shell drops the quotes inside (cmd, Windows PowerShell), put it in a file: ${flag} "@input.json"`
  );
}

/** Whether a text is what a shell leaves of JSON: cut at a space or a comma, or without its double quotes. */
export function looksTorn(text: string): boolean {
  if (isJson(text)) return false;
  return /^'?[{[]/.test(text) || (/^"?\w+"?:/.test(text) && !looksLikePath(text));
}

/** Whether a text is JSON whose double quotes a shell removed, or JSON quoted for another shell. */
export function lostQuotes(text: string): boolean {
  return looksTorn(text) && (!text.includes('"') || /^'|\\"/.test(text));
}

/** Whether a word names a file rather than being JSON. */
export function looksLikePath(word: string): boolean {
  return /^[^{}[\]"'\s][^{}[\]"']*$/.test(word) && (/[/\\]/.test(word) || /\.jsonc?$|\.txt$/i.test(word));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
