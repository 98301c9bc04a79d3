import type { CommandSpec } from "../command.js";
import { UsageError } from "../usage-error.js";
import { jsonPlaceholder, looksTorn, quotingHint } from "./json-quoting.js";
import { commandLine } from "./command-line.js";
import { namesOf, optionNamed, placeholderOf, type Reading } from "./read-words.js";
import { argumentName, commandNameOf } from "./syntax.js";

/** The parser's reason for refusing a command line. */
export interface Refusal {
  /** commander's code, such as `commander.unknownOption`. */
  code: string;
  message: string;
}

/**
 * Returns the error for a command line that was refused, with what the user probably meant and the line to type for it.
 */
export function explainUsage({ code, message }: Refusal, reading: Reading<CommandSpec>): UsageError {
  const { command, operands, unknown, isLiteral } = reading;
  if (command === undefined) return new UsageError(message, { hint: commandLine(["--help"]) });
  const name = commandNameOf(command);
  const help = { hint: commandLine([name, "--help"]) };
  const isUnknownOption = code === "commander.unknownOption";
  const hasExcess = code === "commander.excessArguments";

  const torn = isUnknownOption || hasExcess ? tornJson(reading) : undefined;
  if (torn !== undefined) {
    const what = `${torn.flag} got '${torn.value}', which is not JSON, and words after it: the shell split it`;
    return new UsageError(what, { code: "INVALID_JSON", hint: quotingHint(torn.flag) });
  }

  const [word = ""] = unknown;
  const place = argumentName(command, operands.indexOf(word));
  if (isUnknownOption && place !== undefined && !place.includes("|")) {
    const asOperand = commandLine([name, ...flagsToRepeat(reading)], operands);
    const what = `${message}; if it is the ${place.replace("-", " ")}, put -- before it`;
    // A word that resembles a flag is more likely a mistyped flag.
    return message.includes("Did you mean")
      ? new UsageError(`${what}: ${asOperand}`, help)
      : new UsageError(what, { hint: asOperand });
  }

  const misplaced = operands.findIndex((each, index) => {
    return argumentName(command, index) === undefined && optionNamed(flagOf(each), command) !== undefined;
  });
  if (hasExcess && isLiteral && misplaced !== -1) {
    const flags = [...flagsToRepeat(reading), ...operands.slice(misplaced)];
    return new UsageError(`${message} Nothing after -- is a flag: put ${operands[misplaced]} before it`, {
      hint: commandLine([name, ...flags], operands.slice(0, misplaced)),
    });
  }
  return new UsageError(message, help);
}

/** Finds a flag that takes JSON but only got a part of it. */
function tornJson({ values }: Reading<CommandSpec>): { flag: string; value: string } | undefined {
  for (const [option, value] of values) {
    if (placeholderOf(option) === jsonPlaceholder && looksTorn(value))
      return { flag: namesOf(option).at(-1) ?? "", value };
  }
  return undefined;
}

/** Returns the flags as typed, without the key, which no message may show. */
function flagsToRepeat({ flags }: Reading<CommandSpec>): string[] {
  return flags.filter((word, index) => flagOf(word) !== "--api-key" && flags[index - 1] !== "--api-key");
}

function flagOf(word: string): string {
  return word.split("=")[0] ?? word;
}
