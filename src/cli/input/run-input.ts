import type { OptionSpec } from "../args/option.js";
import { jsonPlaceholder } from "../args/json-quoting.js";
import type { Session } from "../command.js";
import { UsageError } from "../usage-error.js";
import { isStdin, parseField, rawValue, typedValue, type Field } from "./field.js";
import { readJson } from "./read-input.js";

/** The options that give a run its input. */
export interface InputOptions {
  input?: string;
  rawField?: Field[];
  field?: Field[];
}

export const inputOptions: readonly OptionSpec[] = [
  {
    flags: `--input <${jsonPlaceholder}>`,
    description: "a JSON object, a file of one, or stdin (default: {})",
  },
  {
    flags: "-f, --raw-field <key=value>",
    description: "set a string in the input; dots nest, as in env.name=staging",
    parse: parseField,
    repeatable: true,
  },
  {
    flags: "-F, --field <key=value>",
    description: "set JSON, or a string if it is not JSON; key=@file reads a file, key=@- stdin",
    parse: parseField,
    repeatable: true,
  },
];

/**
 * Returns the input for a run: that of `--input`, otherwise `base`, with the fields set in it.
 *
 * @throws {UsageError}
 */
export async function readRunInput(options: InputOptions, base: object, session: Session): Promise<object> {
  const { input, rawField = [], field = [] } = options;
  const fromStdin = [...(input === "-" ? ["-"] : []), ...field.filter(({ text }) => isStdin(text))];
  if (fromStdin.length > 1)
    throw new UsageError("stdin can be read once: use one of --input - and -F key=@-");

  const values: { path: readonly string[]; value: unknown; flag: string }[] = [];
  for (const each of rawField) values.push({ path: each.path, value: rawValue(each), flag: "-f" });
  for (const each of field)
    values.push({ path: each.path, value: await typedValue(each, session), flag: "-F" });
  // Set an object before the values inside it.
  values.sort((a, b) => a.path.length - b.path.length);

  let result = input === undefined ? base : await readJsonObject(input, session);
  const seen = new Set<string>();
  for (const { path, value, flag } of values) {
    const key = path.join(".");
    if (seen.has(key)) throw new UsageError(`${key} is set twice, and only one of its values would count`);
    seen.add(key);
    result = withValue(result, path, value, `${flag} ${key}`);
  }
  return result;
}

async function readJsonObject(given: string, session: Session): Promise<object> {
  const { value, from } = await readJson("--input", given, session);
  if (isObject(value)) return value;
  throw new UsageError(
    `--input ${from} is ${kindOf(value)}; it must be a JSON object, such as {"environment":"staging"}`,
  );
}

/** Returns a copy of the object with a value set in it. */
function withValue(object: object, path: readonly string[], value: unknown, flag: string, at = 0): object {
  const key = path[at] ?? "";
  if (at === path.length - 1) return { ...object, [key]: value };
  const inner = (Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined) ?? {};
  if (!isObject(inner)) {
    const place = path.slice(0, at + 1).join(".");
    throw new UsageError(`${flag} cannot be set: ${place} is ${kindOf(inner)}, not an object`);
  }
  return { ...object, [key]: withValue(inner, path, value, flag, at + 1) };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
