import { escapeLines, escapeMessage, type LineLimits } from "../terminal/escape-controls.js";
import { jsonText } from "./json-text.js";

const tooDeep = "(nested too deeply to show; --json has all of it)";

/** Returns the text of an error from an event, which may be a string, an object with a message, or anything else. */
export function errorText(error: unknown): string {
  if (typeof error === "string") return error;
  if (error === null || error === undefined) return "";
  if (typeof error === "object") {
    const { message, code, name } = error as Record<string, unknown>;
    if (typeof message === "string" && message !== "") return message;
    if (typeof code === "string") return code;
    if (typeof message === "string" && typeof name === "string") return name;
  }
  return jsonText(error) ?? tooDeep;
}

/** How much of an error to show. `maxFrames` applies to each stack in the chain of causes. */
export interface ErrorLimits extends LineLimits {
  maxFrames: number;
}

/** An error for people, in escaped lines. */
export interface ErrorReport {
  /** The first line of the message, after the error's name if that adds anything. */
  title: string;
  /** The rest of the message, then code, details, stack and causes. The caller indents these lines. */
  body: string[];
  /** What is left out, such as `12 more lines, 3,456 characters`; empty if nothing is. */
  leftOut: string;
}

/** The limits for a log that continues after the error. */
export const limitsInLog: ErrorLimits = { maxLines: 30, maxLength: 2000, maxFrames: 5 };

/** Returns the first line of an error's text, escaped; empty if it has none. */
export function errorTitle(error: unknown): string {
  return escapeMessage(split(messageOf(error)).first);
}

/** Reports an error's message, its origin and its causes. */
export function errorReport(error: unknown, limits = limitsInLog): ErrorReport {
  const { first, rest } = split(messageOf(error));
  const { lines, leftOut } = escapeLines(
    [rest, ...originOf(error, limits), ...causesOf(error, limits)].filter((part) => part !== "").join("\n"),
    limits,
  );
  return { title: escapeMessage(first), body: lines, leftOut };
}

/** Returns the body, with a last line that says what is left out, if anything is. */
export function bodyLines({ body, leftOut }: ErrorReport): string[] {
  return leftOut === "" ? body : [...body, `… (${leftOut}; --json has all of it)`];
}

/** Whether an error contains no information. 0.5.0 sends a cause that JSON cannot represent as an empty object. */
export function isEmptyError(error: unknown): boolean {
  const isObject = typeof error === "object" && error !== null;
  return isObject ? Object.keys(error).length === 0 : error === undefined || error === null || error === "";
}

function messageOf(error: unknown): string {
  const text = errorText(error);
  const { name, message } = fieldsOf(error);
  const isNamed = typeof name === "string" && typeof message === "string" && !/^(Smithers)?Error$/.test(name);
  return isNamed && !text.startsWith(name) ? `${name}: ${text}` : text;
}

function split(text: string): { first: string; rest: string } {
  const from = text.trimStart();
  const end = from.indexOf("\n");
  return end === -1
    ? { first: from.trimEnd(), rest: "" }
    : { first: from.slice(0, end).trimEnd(), rest: from.slice(end + 1) };
}

/** Returns the error's code, its details, and its stack without the repeated message. */
function originOf(error: unknown, { maxFrames }: ErrorLimits): string[] {
  const { message, code, details, stack } = fieldsOf(error);
  if (typeof message !== "string") return [];
  const facts = [
    typeof code === "string" && !message.includes(code) && message !== "" ? `code: ${code}` : "",
    isEmptyError(details) ? "" : `details: ${jsonText(details) ?? tooDeep}`,
  ];
  const frames = framesOf(stack, message);
  const shown = frames.slice(0, maxFrames).map((frame) => `    ${frame}`);
  if (frames.length > maxFrames) shown.push(`    … ${frames.length - maxFrames} more frames`);
  return [...facts, ...shown];
}

function framesOf(stack: unknown, message: string): string[] {
  if (typeof stack !== "string") return [];
  // A message may contain lines that look like frames.
  const at = stack.indexOf(message);
  const from = at === -1 ? stack.search(/^\s*at\s/m) : at + message.length;
  if (from === -1) return [];
  return stack
    .slice(from)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

const maxCauses = 10;

function causesOf(error: unknown, limits: ErrorLimits): string[] {
  const lines: string[] = [];
  let { cause } = fieldsOf(error);
  for (let count = 0; count < maxCauses && !isEmptyError(cause); count++) {
    lines.push(`caused by: ${messageOf(cause)}`, ...originOf(cause, limits));
    ({ cause } = fieldsOf(cause));
  }
  return lines;
}

function fieldsOf(error: unknown): Record<string, unknown> {
  return typeof error === "object" && error !== null ? (error as Record<string, unknown>) : {};
}
