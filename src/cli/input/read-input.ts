import { existsSync } from "node:fs";
import type { Session } from "../command.js";
import { UsageError } from "../usage-error.js";
import { decodeText, EncodingError } from "./decode-text.js";
import { looksLikePath, lostQuotes, quotingHint } from "../args/json-quoting.js";
import { parseJson } from "./parse-json.js";
import { resolvePath } from "../args/resolve-path.js";
import { shellWord } from "../args/shell-word.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** What `--input` and its like take: JSON, `@file`, or `-` for stdin; the default is an empty object. */
export async function readJsonObject(
  flag: string,
  given: string | undefined,
  session: Session,
): Promise<object> {
  if (given === undefined) return {};
  const { value, from } = await readJson(flag, given, session);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  const kind = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
  throw new UsageError(
    `${flag} ${from} is ${kind}; it must be a JSON object, such as {"environment":"staging"}`,
  );
}

/**
 * JSON of any kind, given as it is, as `@file`, or as `-` for stdin; `from` says which, for messages. What could not be
 * sent as it was given is refused; of a key that stands twice in an object, which JSON allows, there is a warning.
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
  const [changed, ...others] = parsed.changedNumbers;
  if (changed !== undefined) {
    const more = others.length === 0 ? "" : `, and ${others.length} more like it`;
    throw new UsageError(`${flag} ${from} has a number that would change: ${changed.what}${more}`, {
      code: "INEXACT_NUMBER",
      hint: `if it is an id, make it a string: "${changed.written}"; otherwise write it with fewer digits`,
    });
  }
  for (const { key, place } of parsed.repeatedKeys) {
    const what = `${flag} ${from} has the key ${JSON.stringify(key)} again ${place}; only the last one counts`;
    session.note(session.stderrStyle.yellow(escapeControls(what)));
  }
  return { value: parsed.value, from };
}

async function readGiven(
  flag: string,
  given: string,
  { context, signal, note }: Session,
): Promise<{ text: string; from: string }> {
  if (given === "-") {
    if (context.stdin.isTTY) note("reading JSON from the terminal; end it with Ctrl-D");
    return decode(flag, "from stdin", await context.stdin.bytes(signal), (encoding) => {
      return `convert it on its way: … | iconv -f ${encoding} -t UTF-8 | …`;
    });
  }
  if (!given.startsWith("@")) {
    // Node replaces each byte that is not UTF-8 with this character.
    if (given.includes("\ufffd"))
      throw new UsageError(`${flag} as given has a character that is not UTF-8`, {
        code: "INPUT_ENCODING",
        hint: `set the terminal to UTF-8, or use ${flag} @<file>; where U+FFFD is meant, write \\ufffd`,
      });
    return { text: given, from: "as given" };
  }
  const path = given.slice(1);
  const { readFile } = await import("node:fs/promises");
  const file = resolvePath(path, context);
  const bytes = await readFile(file).catch((error: Error) => {
    throw new UsageError(`${flag} cannot read ${path}: ${error.message}`, { code: "INPUT_UNREADABLE" });
  });
  return decode(flag, `from ${path}`, bytes, (encoding) => {
    return `convert it: iconv -f ${encoding} -t UTF-8 -- ${shellWord(path)} > ${shellWord(`${path}.utf8`)}`;
  });
}

function decode(
  flag: string,
  from: string,
  bytes: Uint8Array,
  conversion: (encoding: string) => string,
): { text: string; from: string } {
  try {
    return { text: decodeText(bytes), from };
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new UsageError(`${flag} ${from} ${error.message}`, {
      code: "INPUT_ENCODING",
      hint: conversion(error.encoding),
    });
  }
}

/** What a person probably meant with an argument that is not JSON. */
function hintForArgument(flag: string, given: string, context: Session["context"]): string | undefined {
  if (looksLikePath(given) || (context.cwd !== undefined && existsSync(resolvePath(given, context))))
    return `to read a file, put an @ before its name: ${flag} ${shellWord(`@${given}`)}`;
  return lostQuotes(given) ? quotingHint(flag) : undefined;
}
