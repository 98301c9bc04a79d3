import type { Session } from "../command.js";
import { UsageError } from "../usage-error.js";
import { resolvePath } from "../args/resolve-path.js";
import { shellWord } from "../args/shell-word.js";
import { decodeText, EncodingError } from "./decode-text.js";

/**
 * Reads the text of a flag's value: given as it is, as `@file`, or as `-` for stdin. `from` says which, for messages.
 *
 * @throws {UsageError} if the text cannot be read or decoded
 */
export async function readGiven(
  flag: string,
  given: string,
  { context, signal, note }: Session,
): Promise<{ text: string; from: string }> {
  if (given === "-") {
    if (context.stdin.isTTY) note("reading JSON from the terminal; end it with Ctrl-D");
    return decode(flag, "from stdin", await context.stdin.bytes(signal), (encoding) => {
      return `convert it in the pipe: … | iconv -f ${encoding} -t UTF-8 | …`;
    });
  }
  if (!given.startsWith("@")) return { text: checkedWord(flag, given), from: "as given" };
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

/**
 * Checks that an argument was UTF-8. Node replaces invalid bytes with U+FFFD.
 *
 * @param fromFile how to give the same text as a file
 * @throws {UsageError}
 */
export function checkedWord(flag: string, word: string, fromFile = `${flag} @<file>`): string {
  if (!word.includes("\ufffd")) return word;
  throw new UsageError(`${flag} as given has a character that is not UTF-8`, {
    code: "INPUT_ENCODING",
    hint: `set the terminal to UTF-8, or use ${fromFile}; for a U+FFFD that is meant, write \\ufffd`,
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
