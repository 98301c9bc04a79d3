import { UsageError } from "../usage-error.js";

/** Reads one of a few words from a flag. */
export function parseChoice<Choice extends string>(choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((each) => each === text);
    if (choice !== undefined) return choice;
    throw new UsageError(`'${text}' is none of ${choices.join(", ")}`);
  };
}
