import { UsageError } from "../usage-error.js";

/** Returns a parser for a flag that takes an integer of at least `least`. */
export function parseCount(least: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^-?\d+$/.test(text.trim()) && Number.isSafeInteger(count) && count >= least) return count;
    throw new UsageError(`'${text}' is not an integer of at least ${least}`);
  };
}
