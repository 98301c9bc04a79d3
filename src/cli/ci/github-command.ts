import type { OutputStream } from "../context.js";

/**
 * A line that GitHub's runner obeys instead of showing, such as `::error title=…::…`. What would end a property or
 * start another line is escaped as the runner undoes it.
 */
export function githubCommand(name: string, text: string, properties: Record<string, string> = {}): string {
  const listed = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${name}${listed.length === 0 ? "" : ` ${listed.join(",")}`}::${escapeData(text)}`;
}

function escapeData(text: string): string {
  return escapeLegacyCommands(text).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/**
 * Text of whole lines that GitHub's runner shows and does not obey: it takes `::` at the start of a line, after any
 * space, and `##[` anywhere. The spelling is one that JSON reads as the same text.
 */
export function neutralizeCommands(text: string): string {
  return escapeLegacyCommands(text.replace(/^(\s*):(?=:)/gm, "$1\\u003a"));
}

/** The runner's older notation, which it finds in the middle of a line too. */
function escapeLegacyCommands(text: string): string {
  return text.replaceAll("##[", "#\\u0023[");
}

/** The stream, with nothing of what is written to it obeyed by GitHub's runner; our own commands go to `unguarded`. */
export function guardStream(stream: OutputStream): OutputStream {
  return Object.create(stream, {
    unguarded: { value: stream },
    write: { value: (text: string) => stream.write(neutralizeCommands(text)) },
  }) as OutputStream;
}
