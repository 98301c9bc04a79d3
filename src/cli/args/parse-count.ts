import { UsageError } from "../usage-error.js";

/** Reads an integer of at least `least` from a flag. */
export function parseCount(least: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^-?\d+$/.test(text.trim()) && Number.isSafeInteger(count) && count >= least) return count;
    throw new UsageError(`'${text}' is not an integer of at least ${least}`);
  };
}
