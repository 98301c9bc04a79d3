import type { Session } from "../command.js";
import { shellWord } from "../args/shell-word.js";
import { UsageError } from "../usage-error.js";
import { parseJson } from "./parse-json.js";
import { checkedWord, readGiven } from "./read-given.js";
import { exactValue } from "./read-input.js";

/** One `key=value` of a flag, as typed. */
export interface Field {
  /** The keys, from the outermost object to the innermost. */
  path: readonly string[];
  text: string;
}

/** Parses the `key=value` of a flag. Dots in the key lead into nested objects. */
export function parseField(given: string): Field {
  const [, key, text] = /^([^=]+)=(.*)$/s.exec(given) ?? [];
  if (key === undefined || text === undefined)
    throw new UsageError(`'${given}' is not key=value, such as environment=staging`);
  const path = key.split(".");
  if (path.includes("")) throw new UsageError(`the key '${key}' has an empty part next to a dot`);
  return { path, text };
}

/** Returns the value of a `-f`: the literal text. */
export function rawValue({ path, text }: Field): string {
  const key = path.join(".");
  return checkedWord(`-f ${key}`, text, `-F ${key}=@<file>`);
}

/**
 * Returns the value of a `-F`: the JSON, or the text if it is not JSON. Reads `@file` and `@-`.
 *
 * @throws {UsageError} if the value cannot be read, would change, or starts like JSON but is invalid
 */
export async function typedValue({ path, text: given }: Field, session: Session): Promise<unknown> {
  const key = path.join(".");
  const flag = `-F ${key}`;
  const { text, from } = given.startsWith("@")
    ? await readGiven(flag, isStdin(given) ? "-" : given, session)
    : { text: checkedWord(flag, given, `${flag}=@<file>`), from: "as given" };
  const parsed = await parseJson(text);
  const asText = `-f ${from === "as given" ? shellWord(`${key}=${text}`) : fromCommand(key, given)}`;
  if (!("error" in parsed)) {
    const asString = (written: string) =>
      written === text.trim()
        ? `if it is an id, send it as text: ${asText}`
        : `if it is an id, make it a string: "${written}"`;
    return exactValue(`${flag} ${from}`, parsed, asString, session);
  }
  // If mistyped JSON were sent as text, it would fail later, where that is hard to notice.
  if (!/^\s*[{["]/.test(text)) return text;
  throw new UsageError(`${flag} ${from} ${parsed.error}`, {
    code: "INVALID_JSON",
    hint: `to send it as text: ${asText}`,
  });
}

/** Returns the field as a shell word that reads the value from a file or a pipe. */
function fromCommand(key: string, given: string): string {
  const command = isStdin(given) ? "cat" : `cat -- ${shellWord(given.slice(1))}`;
  return `${shellWord(`${key}=`)}"$(${command})"`;
}

/** Whether a `-F` reads its value from stdin. */
export function isStdin(text: string): boolean {
  return text === "@-";
}
