import type { CommandSpec } from "../command.js";
import type { OptionSpec } from "./option.js";
import { globalOptions } from "./settings.js";
import { isNamed } from "./syntax.js";

type Command = Pick<CommandSpec, "syntax" | "aliases" | "options">;

/** A command line's words by kind, whether or not they make sense together. */
export interface Reading<C extends Command> {
  command: C | undefined;
  /** The words that are neither a flag nor a flag's value, without the command's name. */
  args: string[];
  /** The known flags and their values. */
  values: Map<OptionSpec, string>;
  /** The same, as typed. */
  flags: string[];
  /** Words that start like a flag but are not a known one. */
  unknown: string[];
  /** The arguments and the unknown flags, in order. */
  operands: string[];
  /** The option whose value comes next, if any. */
  pending: OptionSpec | undefined;
  /** Whether a `--` was read: nothing after it is a flag. */
  isLiteral: boolean;
}

const helpOption: OptionSpec = { flags: "-h, --help", description: "show help" };
const versionOption: OptionSpec = { flags: "-V, --version", description: "show the version" };

/** Reads a command line that is incomplete, or that the parser refused. */
export function readWords<C extends Command>(words: readonly string[], commands: readonly C[]): Reading<C> {
  const reading: Reading<C> = {
    command: undefined,
    args: [],
    values: new Map(),
    flags: [],
    unknown: [],
    operands: [],
    pending: undefined,
    isLiteral: false,
  };
  for (const word of words) {
    if (reading.pending !== undefined) {
      reading.values.set(reading.pending, word);
      reading.flags.push(word);
      reading.pending = undefined;
    } else if (word === "--" && !reading.isLiteral) {
      reading.isLiteral = true;
    } else if (word.startsWith("-") && word !== "-" && !reading.isLiteral) {
      const [, flag = "", value] = /^(.*?)(?:=(.*))?$/s.exec(word) ?? [];
      const option = optionNamed(flag, reading.command);
      if (option === undefined) {
        reading.unknown.push(word);
        reading.operands.push(word);
        continue;
      }
      reading.flags.push(word);
      if (value === undefined && placeholderOf(option) !== undefined) reading.pending = option;
      else reading.values.set(option, value ?? "");
    } else {
      const command = reading.command ?? commands.find((each) => isNamed(each, word));
      if (command !== reading.command) {
        reading.command = command;
      } else {
        reading.args.push(word);
        reading.operands.push(word);
      }
    }
  }
  return reading;
}

/** Returns the options that a command takes; without a command, those that may come before its name. */
export function optionsOf(command: Command | undefined): readonly OptionSpec[] {
  return command === undefined
    ? [...globalOptions, versionOption, helpOption]
    : [...command.options, ...globalOptions, helpOption];
}

export function optionNamed(flag: string, command: Command | undefined): OptionSpec | undefined {
  return optionsOf(command).find((option) => namesOf(option).includes(flag));
}

/** Returns an option's names, such as `-w` and `--watch`. */
export function namesOf({ flags }: OptionSpec): string[] {
  return flags.match(/(?<![^ ])--?[\w-]+/g) ?? [];
}

/** Returns the placeholder of the flag's value; `undefined` if the flag takes none. */
export function placeholderOf({ flags }: OptionSpec): string | undefined {
  return /<(.+)>/.exec(flags)?.[1];
}
