import { UsageError, type Session } from "./command.js";
import { resolvePath } from "./resolve-path.js";

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

/** JSON of any kind, given as it is, as `@file`, or as `-` for stdin; `from` says which, for messages. */
export async function readJson(
  flag: string,
  given: string,
  session: Session,
): Promise<{ value: unknown; from: string }> {
  const { text, from } = await readGiven(flag, given, session);
  if (text.trim() === "") throw new UsageError(`${flag} ${from} is empty; it must be JSON, such as {}`);
  try {
    return { value: JSON.parse(text), from };
  } catch (error) {
    throw new UsageError(`${flag} ${from} is not JSON: ${placeOf(text, error as Error)}`, {
      code: "INVALID_JSON",
    });
  }
}

async function readGiven(
  flag: string,
  given: string,
  { context, signal, note }: Session,
): Promise<{ text: string; from: string }> {
  if (given === "-") {
    if (context.stdin.isTTY) note("reading JSON from the terminal; end it with Ctrl-D");
    return { text: withoutMark(await context.stdin.text(signal)), from: "from stdin" };
  }
  if (!given.startsWith("@")) return { text: given, from: "as given" };
  const path = given.slice(1);
  const file = resolvePath(path, context);
  try {
    const { readFile } = await import("node:fs/promises");
    return { text: withoutMark(await readFile(file, "utf8")), from: `from ${path}` };
  } catch (error) {
    throw new UsageError(`${flag} cannot read ${path}: ${(error as Error).message}`, {
      code: "INPUT_UNREADABLE",
    });
  }
}

/** Editors on Windows start a file with a byte order mark, which JSON does not allow. */
function withoutMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

/** Where the JSON breaks, in lines and columns, with the text there. */
function placeOf(text: string, error: Error): string {
  const at = offsetOf(text, error.message);
  const before = text.slice(0, at).split("\n");
  const line = before.length;
  const column = (before.at(-1)?.length ?? 0) + 1;
  const what =
    at >= text.length ? "the text ends too early" : `unexpected '${[...text.slice(at, at + 2)][0]}'`;
  const near = text.slice(Math.max(0, at - 20), at + 20).replace(/\s+/g, " ");
  return `${what} at line ${line}, column ${column}, near ${near}`;
}

/** Engines differ in how they tell the place, and some leave it out. */
function offsetOf(text: string, message: string): number {
  const told = positionIn(message);
  if (told !== undefined) return told;
  if (endsTooEarly(message, text)) return text.length;
  // The shortest beginning that nothing could continue ends with the culprit.
  let fine = 0;
  let broken = text.length;
  while (broken - fine > 1) {
    const middle = Math.floor((fine + broken) / 2);
    if (canContinue(text.slice(0, middle))) fine = middle;
    else broken = middle;
  }
  return broken - 1;
}

/** Whether JSON may go on after this beginning: then the engine complains of its end alone. */
function canContinue(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    return endsTooEarly((error as Error).message, beginning);
  }
}

function endsTooEarly(message: string, text: string): boolean {
  return /end of JSON|end of input|EOF/i.test(message) || (positionIn(message) ?? -1) >= text.length;
}

function positionIn(message: string): number | undefined {
  const told = /at position (\d+)/.exec(message)?.[1];
  return told === undefined ? undefined : Number(told);
}
