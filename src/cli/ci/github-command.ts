import type { OutputStream } from "../context.js";

/**
 * Returns a line that GitHub's runner obeys instead of showing, such as `::error title=…::…`. Characters that would end
 * a property or start another line are escaped in the way that the runner decodes.
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
 * Escapes whole lines so that GitHub's runner shows them and obeys none: it recognizes `::` at the start of a line,
 * after any whitespace, and `##[` anywhere. JSON parsers read the escaped text as the original.
 */
export function neutralizeCommands(text: string): string {
  return escapeLegacyCommands(text.replace(/^(\s*):(?=:)/gm, "$1\\u003a"));
}

/** Escapes the runner's older notation, which the runner also finds in the middle of a line. */
function escapeLegacyCommands(text: string): string {
  return text.replaceAll("##[", "#\\u0023[");
}

/** Returns the stream with everything escaped that GitHub's runner would obey. Our own commands go to `unguarded`. */
export function guardStream(stream: OutputStream): OutputStream {
  return Object.create(stream, {
    unguarded: { value: stream },
    write: { value: (text: string) => stream.write(neutralizeCommands(text)) },
  }) as OutputStream;
}
