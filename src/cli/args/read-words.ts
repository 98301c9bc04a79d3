import type { CommandSpec } from "../command.js";
import type { OptionSpec } from "./option.js";
import { globalOptions } from "./settings.js";
import { isNamed } from "./syntax.js";

type Command = Pick<CommandSpec, "syntax" | "aliases" | "options">;

/** What the words of a command line are, whether or not they make sense together. */
export interface Reading<C extends Command> {
  command: C | undefined;
  /** The words that are no flag and no flag's value. */
  args: string[];
  /** The flags that are known, and their values. */
  values: Map<OptionSpec, string>;
  /** The same as they were typed. */
  flags: string[];
  /** Words that begin like a flag and are none. */
  unknown: string[];
  /** The arguments and the unknown flags, in their order. */
  operands: string[];
  /** The option whose value comes next. */
  pending: OptionSpec | undefined;
  /** After `--` nothing is a flag. */
  isLiteral: boolean;
}

const helpOption: OptionSpec = { flags: "-h, --help", description: "show help" };
const versionOption: OptionSpec = { flags: "-V, --version", description: "show the version" };

/** Reads a command line that is not complete, or that the parser refused. */
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

/** The options that a command takes; without one, those that stand before its name. */
export function optionsOf(command: Command | undefined): readonly OptionSpec[] {
  return command === undefined
    ? [...globalOptions, versionOption, helpOption]
    : [...command.options, ...globalOptions, helpOption];
}

export function optionNamed(flag: string, command: Command | undefined): OptionSpec | undefined {
  return optionsOf(command).find((option) => namesOf(option).includes(flag));
}

/** Such as `-w` and `--watch`. */
export function namesOf({ flags }: OptionSpec): string[] {
  return flags.match(/(?<![^ ])--?[\w-]+/g) ?? [];
}

/** What the flag's value is called; undefined where it takes none. */
export function placeholderOf({ flags }: OptionSpec): string | undefined {
  return /<(.+)>/.exec(flags)?.[1];
}
