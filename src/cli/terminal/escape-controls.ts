/**
 * What a terminal could obey instead of showing: control characters, marks that change the writing direction or are
 * invisible, separators that break a line, tags, and lone surrogates. The joiner in emoji is not included.
 */
const unsafe =
  /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu;

const short: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** How much of a server's text to show by default: about a hundred lines of a terminal. In UTF-16 code units. */
const maxShown = 10_000;
/** How much of a message to show: enough to see what it is about. In UTF-16 code units. */
const maxMessage = 2000;

/**
 * Escapes a server's text for one line of a terminal: what could move the cursor or forge a line becomes an escape,
 * such as `\u001b`. Truncates a very long text and says how much is left out.
 */
export function escapeControls(text: string): string {
  return escapeUpTo(maxShown, text);
}

/** Like {@link escapeControls}, for a message that has other lines around it. */
export function escapeMessage(text: string): string {
  return escapeUpTo(maxMessage, text);
}

/** Like {@link escapeControls}, but never truncates. */
export function escapeWhole(text: string): string {
  return text.replace(unsafe, (character) => short[character] ?? escaped(character));
}

/** Colors and other styles (SGR), which change only how the following text looks. */
const colors = new RegExp(`(${"\u001b"}\\[[\\d;:]{0,64}m)`);
const noColor = "\u001b[0m";

/**
 * Escapes a line that a node printed, however long it is. Its tabs stay. Its colors stay and end with the line; without
 * `hasColor`, they are dropped. Everything else is escaped as in {@link escapeControls}.
 */
export function escapeOutput(line: string, hasColor: boolean): string {
  const parts = line.split(colors);
  const shown = parts.map((part, index) => {
    if (index % 2 === 1) return hasColor ? part : "";
    return part.split("\t").map(escapeWhole).join("\t");
  });
  return shown.join("") + (hasColor && parts.length > 1 ? noColor : "");
}

function escapeUpTo(max: number, text: string): string {
  // Do not truncate a text again that was truncated before and has words around it now.
  if (text.length <= 1.1 * max) return escapeWhole(text);
  const shown = text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
  const left = (text.length - shown.length).toLocaleString("en");
  return `${copyOf(escapeWhole(shown))}… (${left} more characters; --json has all of it)`;
}

/** How much of a text of several lines to show. `maxLength` is in UTF-16 code units. */
export interface LineLimits {
  maxLines: number;
  maxLength: number;
}

/** Escaped lines, and how much of the text they leave out. */
export interface EscapedLines {
  lines: string[];
  /** Such as `12 more lines, 3,456 characters`; empty if the lines are the whole text. */
  leftOut: string;
}

/**
 * Escapes a server's text for several lines of a terminal: line breaks end lines, tabs become spaces, and everything
 * else is escaped as in {@link escapeControls}. Drops blank lines at the start and the end. The caller indents the
 * lines, so that none of them can pass for one of the CLI's own.
 */
export function escapeLines(text: string, { maxLines, maxLength }: LineLimits): EscapedLines {
  const from = /^(?:[ \t]*\r?\n)*/.exec(text)?.[0].length ?? 0;
  const end = text.trimEnd().length;
  if (end <= from) return { lines: [], leftOut: "" };
  let shown = text.slice(from, end);
  if (shown.length > maxLength) shown = shown.slice(0, maxLength).replace(/[\ud800-\udbff]$/, "");
  const lines = shown.split("\n");
  if (lines.length > maxLines) shown = lines.splice(maxLines) && lines.join("\n");
  const rest = text.slice(from + shown.length, end);
  return {
    lines: lines.map((line) => copyOf(escapeLine(line))),
    leftOut: rest === "" ? "" : describeRest(rest),
  };
}

/** Returns a copy of the text with its own memory. A slice keeps the whole text that it was taken from in memory. */
export function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

function escapeLine(line: string): string {
  return escapeWhole(line.replace(/\r$/, "").replaceAll("\t", "    "));
}

function describeRest(rest: string): string {
  const lines = rest.split("\n").length - 1;
  const characters = `${rest.length.toLocaleString("en")} ${lines === 0 ? "more " : ""}characters`;
  return lines === 0 ? characters : `${lines.toLocaleString("en")} more lines, ${characters}`;
}

/** Escapes an error's stack for a terminal, with the line breaks of its message, so that only its frames are lines. */
export function escapeStack({ message, stack = "" }: Error): string {
  // The stack keeps the message that the error was created with. This program only ever appends to a message.
  const start = stack.indexOf(": ") + 2;
  let end = start;
  while (end < stack.length && stack[end] === message[end - start]) end++;
  const frames = stack
    .slice(end)
    .split("\n")
    .map((frame) => escapeControls(frame))
    .join("\n");
  return escapeControls(stack.slice(0, end)) + frames;
}

/** What {@link escapeControls} escapes, except for what JSON text has between tokens or escapes anyway. */
const unsafeInJson =
  /[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/**
 * Escapes JSON text for a terminal. It stays the same document: what could move the cursor or change the writing
 * direction becomes a JSON escape.
 */
export function escapeJsonControls(json: string): string {
  // Checking that there is only ASCII takes a fifth of the time of searching for the others: 40 ms for 70 MiB.
  const isSafe = Buffer.byteLength(json) === json.length && !json.includes("\x7f");
  return isSafe ? json : json.replace(unsafeInJson, (found) => found.split("").map(escaped).join(""));
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
