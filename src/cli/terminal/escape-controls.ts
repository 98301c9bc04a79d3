/**
 * What a terminal could obey instead of show: control characters, marks that turn the direction of writing or are
 * invisible, separators that break a line, tags, and halves of characters. The joiner that emoji are made with stays.
 */
const unsafe =
  /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu;

const short: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** So many characters of a very long text are shown: some hundred lines of a terminal. */
const maxShown = 10_000;
/** A text that is not much longer is shown whole, and so is one that was cut before and has words around it now. */
const maxWhole = 11_000;

/**
 * A server's text for one line of a terminal: what could move the cursor or forge a line is spelled out, as `\u001b`, and
 * a very long text is cut, with how much of it is left out.
 */
export function visibleText(text: string): string {
  if (text.length <= maxWhole) return escapeControls(text);
  const isInPair = /[\ud800-\udbff]/.test(text.charAt(maxShown - 1));
  const shown = text.slice(0, isInPair ? maxShown - 1 : maxShown);
  const left = text.length - shown.length;
  return `${copyOf(escapeControls(shown))}… (${left} more characters; --json has all of it)`;
}

/** As {@link visibleText}, however long the text is. */
export function escapeControls(text: string): string {
  return text.replace(unsafe, (character) => short[character] ?? escaped(character));
}

/** So much of a message is enough to see what it is about; `--json` has all of it. In UTF-16 code units. */
const maxMessageLength = 2000;

/** As {@link visibleText}, for a message of any length: a long one is cut, and says how much of it is left out. */
export function visibleMessage(text: string): string {
  if (text.length <= maxMessageLength) return visibleText(text);
  const shown = text.slice(0, maxMessageLength).replace(/[\ud800-\udbff]$/, "");
  return `${visibleText(shown)}… (${(text.length - shown.length).toLocaleString("en")} more characters)`;
}

/** An error's stack for a terminal: line breaks of its message are spelled out, so that only its frames are lines. */
export function visibleStack({ message, stack = "" }: Error): string {
  // The stack keeps the message that the error was made with; ours only ever grow at their end.
  const start = stack.indexOf(": ") + 2;
  let end = start;
  while (end < stack.length && stack[end] === message[end - start]) end++;
  const frames = stack.slice(end).split("\n").map(visibleText).join("\n");
  return visibleText(stack.slice(0, end)) + frames;
}

/** The same text, made visible before, in memory of its own: a slice keeps all of the text that it was taken from. */
export function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

/** What {@link visibleText} spells out, but for what JSON text has between its tokens or escapes by itself. */
const unsafeInJson =
  /[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/** JSON text for a terminal: the same document, with what could move the cursor or turn the writing in JSON's escapes. */
export function safeJson(json: string): string {
  // To see that there is nothing but ASCII takes a fifth of the time of looking for the others, 40 ms in 70 MiB.
  const isSafe = Buffer.byteLength(json) === json.length && !json.includes("\x7f");
  return isSafe ? json : json.replace(unsafeInJson, (found) => found.split("").map(escaped).join(""));
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
