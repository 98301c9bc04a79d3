import { shellWord } from "../shell-word.js";

/** The placeholder of every option that takes JSON. */
export const jsonPlaceholder = "json|@file|-";

/** How to give a flag its JSON so that no shell changes it. */
export function quotingHint(flag: string): string {
  return (
    `put it in single quotes, as ${flag} ${shellWord('{"environment":"staging"}')}; ` +
    `where the shell drops the quotes inside (cmd, Windows PowerShell), use ${flag} @<file> or ${flag} -`
  );
}

/** Whether a text is what a shell left of JSON: cut at a space or a comma, or without its double quotes. */
export function looksTorn(text: string): boolean {
  if (isJson(text)) return false;
  return /^'?[{[]/.test(text) || (/^"?\w+"?:/.test(text) && !looksLikePath(text));
}

/** Whether a word names a file, rather than being JSON. */
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
