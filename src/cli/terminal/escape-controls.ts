/**
 * What a terminal could obey instead of show: control characters, marks that turn the direction of writing or are
 * invisible, separators that break a line, tags, and halves of characters. The joiner that emoji are made with stays.
 */
const unsafe =
  /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu;

const short: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** How much of a server's text is shown by default: some hundred lines of a terminal. In UTF-16 code units. */
const maxShown = 10_000;
/** How much of a message is shown: enough to see what it is about. */
const maxMessage = 2000;

/**
 * A server's text for one line of a terminal: what could move the cursor or forge a line is spelled out, as `\u001b`, and
 * a very long text is cut, with how much of it is left out.
 */
export function escapeControls(text: string): string {
  return escapeUpTo(maxShown, text);
}

/** As {@link escapeControls}, for a message that has other lines around it. */
export function escapeMessage(text: string): string {
  return escapeUpTo(maxMessage, text);
}

/** As {@link escapeControls}, however long the text is. */
export function escapeWhole(text: string): string {
  return text.replace(unsafe, (character) => short[character] ?? escaped(character));
}

/** A text's colours and the like (SGR), which change nothing but how what follows looks. */
const colors = new RegExp(`(${"\u001b"}\\[[\\d;:]{0,64}m)`);
const noColor = "\u001b[0m";

/**
 * A line that a node printed, however long it is: its tabs and colours stay, and the colours end with it; without
 * `hasColor` they are dropped. Everything else is shown as {@link escapeControls} does.
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
  // A text that was cut before and has words around it now is not cut again.
  if (text.length <= 1.1 * max) return escapeWhole(text);
  const shown = text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
  const left = (text.length - shown.length).toLocaleString("en");
  return `${copyOf(escapeWhole(shown))}… (${left} more characters; --json has all of it)`;
}

/** How much of a text of several lines is shown; `maxLength` in UTF-16 code units. */
export interface LineLimits {
  maxLines: number;
  maxLength: number;
}

/** Whole lines that are safe to show, and how much of the text they leave out. */
export interface EscapedLines {
  lines: string[];
  /** Such as `12 more lines, 3,456 characters`; empty if the lines are the whole text. */
  leftOut: string;
}

/**
 * A server's text for several lines of a terminal: its line breaks end lines, its tabs become spaces, and everything else
 * is shown as {@link escapeControls} does. Blank lines at the start and the end are dropped. The caller indents the
 * lines, so that none of them can pass for one of ours.
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

/** The same text in memory of its own: a slice keeps all of the text that it was taken from. */
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

/** An error's stack for a terminal: line breaks of its message are spelled out, so that only its frames are lines. */
export function escapeStack({ message, stack = "" }: Error): string {
  // The stack keeps the message that the error was made with; ours only ever grow at their end.
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

/** What {@link escapeControls} spells out, but for what JSON text has between its tokens or escapes by itself. */
const unsafeInJson =
  /[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/** JSON text for a terminal: the same document, with what could move the cursor or turn the writing in JSON's escapes. */
export function escapeJsonControls(json: string): string {
  // To see that there is nothing but ASCII takes a fifth of the time of looking for the others, 40 ms in 70 MiB.
  const isSafe = Buffer.byteLength(json) === json.length && !json.includes("\x7f");
  return isSafe ? json : json.replace(unsafeInJson, (found) => found.split("").map(escaped).join(""));
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
