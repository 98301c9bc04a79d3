/** The words of an error as a server sends it in an event: a text, an object with a message, or anything else. */
export function errorText(error: unknown): string {
  if (typeof error === "string") return error;
  if (typeof error === "object" && error !== null) {
    const { message, code } = error as { message?: unknown; code?: unknown };
    if (typeof message === "string" && message !== "") return message;
    if (typeof code === "string") return code;
    return JSON.stringify(error);
  }
  return error === null || error === undefined ? "" : JSON.stringify(error);
}
