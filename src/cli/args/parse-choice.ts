import { UsageError } from "../usage-error.js";

/** Returns a parser for a flag that takes one of a few words. */
export function parseChoice<Choice extends string>(choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((each) => each === text);
    if (choice !== undefined) return choice;
    throw new UsageError(`'${text}' is not one of ${choices.join(", ")}`);
  };
}
