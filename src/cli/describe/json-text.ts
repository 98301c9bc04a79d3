/** Returns the value as JSON; `undefined` if it is nested too deeply, which is possible even for parsed JSON. */
export function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
