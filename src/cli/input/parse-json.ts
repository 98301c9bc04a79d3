import type { JSONPath } from "jsonc-parser";
import { isExact } from "./is-exact.js";

/** JSON to send as it is, with the places where it would change. */
export interface ParsedJson {
  value: unknown;
  /** Numbers that would be sent as different numbers. */
  changedNumbers: { written: string; what: string }[];
  /** Keys that an object has more than once. Only the last one counts. */
  repeatedKeys: { key: string; place: string }[];
}

/** JSON that is nested deeper than this cannot be serialized without exhausting the stack. */
const maxDepth = 1000;

/** Parses JSON. If the text cannot be sent as JSON, returns the problem and its place as `error`. */
export async function parseJson(text: string): Promise<ParsedJson | { error: string }> {
  const { visit, printParseErrorCode } = await import("jsonc-parser");
  const parsed: ParsedJson = { value: undefined, changedNumbers: [], repeatedKeys: [] };
  let error: string | undefined;
  const keysOfOpenObjects: Set<string>[] = [];
  let depth = 0;

  const enter = (_offset: number, _length: number, line: number, column: number) => {
    depth += 1;
    if (depth > maxDepth)
      throw new RangeError(`is more than ${maxDepth} levels deep ${placeOf(line, column)}`);
  };
  const leave = () => void depth--;
  const namedErrors: Record<string, string> = {
    UnexpectedEndOfString: "a string without its closing quote",
    InvalidEscapeCharacter: "an escape that JSON does not have",
    InvalidCharacter: "a control character in a string",
    InvalidCommentToken: "a comment",
  };

  try {
    visit(
      text,
      {
        onObjectBegin(offset, length, line, column) {
          keysOfOpenObjects.push(new Set());
          enter(offset, length, line, column);
        },
        onObjectEnd() {
          keysOfOpenObjects.pop();
          leave();
        },
        onArrayBegin: enter,
        onArrayEnd: leave,
        onObjectProperty(key, _offset, _length, line, column, pathTo) {
          const keys = keysOfOpenObjects.at(-1);
          if (keys?.has(key))
            parsed.repeatedKeys.push({ key, place: placeOf(line, column, [...pathTo(), key]) });
          keys?.add(key);
        },
        onLiteralValue(value, offset, length, line, column, pathTo) {
          const written = text.slice(offset, offset + length);
          if (typeof value !== "number" || isExact(written)) return;
          const what = `${written} ${placeOf(line, column, pathTo())} would be sent as ${JSON.stringify(value)}`;
          parsed.changedNumbers.push({ written, what });
        },
        onError(code, offset, _length, line, column) {
          const [found] = text.slice(offset, offset + 2);
          const unexpected = found === undefined ? "the text ends too early" : `unexpected '${found}'`;
          const near = text.slice(Math.max(0, offset - 20), offset + 20).replace(/\s+/g, " ");
          error ??= `is not JSON: ${namedErrors[printParseErrorCode(code)] ?? unexpected} ${placeOf(line, column)}, near ${near}`;
        },
      },
      { disallowComments: true, allowTrailingComma: false },
    );
    if (error === undefined) parsed.value = JSON.parse(text);
  } catch (thrown) {
    error ??= thrown instanceof RangeError ? thrown.message : `is not JSON: ${(thrown as Error).message}`;
  }
  return error === undefined ? parsed : { error };
}

function placeOf(line: number, column: number, path: JSONPath = []): string {
  const name = path
    .map((key) =>
      typeof key === "number"
        ? `[${key}]`
        : /^[A-Za-z_]\w*$/.test(key)
          ? `.${key}`
          : `[${JSON.stringify(key)}]`,
    )
    .join("");
  return `at line ${line + 1}, column ${column + 1}${name === "" ? "" : ` (${name})`}`;
}
