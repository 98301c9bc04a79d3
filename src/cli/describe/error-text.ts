import { jsonText } from "./json-text.js";

const tooDeep = "(nested too deeply to show; --json has all of it)";

/** The words of an error as a server sends it in an event: a text, an object with a message, or anything else. */
export function errorText(error: unknown): string {
  if (typeof error === "string") return error;
  if (error === null || error === undefined) return "";
  if (typeof error === "object") {
    const { message, code } = error as { message?: unknown; code?: unknown };
    if (typeof message === "string" && message !== "") return message;
    if (typeof code === "string") return code;
  }
  return jsonText(error) ?? tooDeep;
}
