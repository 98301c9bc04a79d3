import { existsSync } from "node:fs";
import type { Session } from "../command.js";
import { UsageError } from "../usage-error.js";
import { looksLikePath, lostQuotes, quotingHint } from "../args/json-quoting.js";
import { parseJson, type ParsedJson } from "./parse-json.js";
import { readGiven } from "./read-given.js";
import { resolvePath } from "../args/resolve-path.js";
import { shellWord } from "../args/shell-word.js";
import { escapeControls } from "../terminal/escape-controls.js";

/**
 * Reads JSON of any kind: given as it is, as `@file`, or as `-` for stdin. `from` says which, for messages. Rejects
 * JSON that cannot be sent as given. Warns about a key that occurs twice in an object, which JSON allows.
 *
 * @throws {UsageError}
 */
export async function readJson(
  flag: string,
  given: string,
  session: Session,
): Promise<{ value: unknown; from: string }> {
  const { text, from } = await readGiven(flag, given, session);
  if (text.trim() === "") throw new UsageError(`${flag} ${from} is empty; it must be JSON, such as {}`);
  const parsed = await parseJson(text);
  if ("error" in parsed) {
    const hint = text === given ? hintForArgument(flag, given, session.context) : undefined;
    throw new UsageError(`${flag} ${from} ${parsed.error}`, {
      code: "INVALID_JSON",
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const asString = (written: string) => `if it is an id, make it a string: "${written}"`;
  return { value: exactValue(`${flag} ${from}`, parsed, asString, session), from };
}

/**
 * Returns the value of JSON that can be sent as given. Warns about keys that occur twice in an object.
 *
 * @param what where the JSON comes from, for messages
 * @param asString says how to give a number that would change as a string
 * @throws {UsageError} `INEXACT_NUMBER`
 */
export function exactValue(
  what: string,
  { value, changedNumbers, repeatedKeys }: ParsedJson,
  asString: (written: string) => string,
  { note, stderrStyle }: Session,
): unknown {
  const [changed, ...others] = changedNumbers;
  if (changed !== undefined) {
    const more = others.length === 0 ? "" : `, and ${others.length} more like it`;
    throw new UsageError(`${what} has a number that would change: ${changed.what}${more}`, {
      code: "INEXACT_NUMBER",
      hint: `${asString(changed.written)}; otherwise write it with fewer digits`,
    });
  }
  for (const { key, place } of repeatedKeys) {
    const repeated = `${what} has the key ${JSON.stringify(key)} again ${place}; only the last one counts`;
    note(stderrStyle.yellow(escapeControls(repeated)));
  }
  return value;
}

/** Returns a hint at what a user probably meant by an argument that is not JSON. */
function hintForArgument(flag: string, given: string, context: Session["context"]): string | undefined {
  if (looksLikePath(given) || (context.cwd !== undefined && existsSync(resolvePath(given, context))))
    return `to read a file, put an @ before its name: ${flag} ${shellWord(`@${given}`)}`;
  return lostQuotes(given) ? quotingHint(flag) : undefined;
}
