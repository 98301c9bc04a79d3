import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { CommandSpec } from "../command.js";
import type { OptionSpec } from "./option.js";
import { UsageError } from "../usage-error.js";
import { explainUsage } from "./explain-usage.js";
import { exitCodeHelp } from "../exit-codes.js";
import { programName } from "./program-name.js";
import { parseChoice } from "./parse-choice.js";
import { runIdHelp } from "./run-ids.js";
import { environmentHelp, globalOptions, type GlobalOptions } from "./settings.js";
import { readWords } from "./read-words.js";

/** A command to execute, with what was typed for it. */
export interface ParsedCommand {
  command: CommandSpec;
  args: readonly (string | undefined)[];
  options: Record<string, unknown>;
  globals: GlobalOptions;
}

/** What a command line asks for: a command to execute, or a text to show. */
export type Request = ParsedCommand | { show: string };

/**
 * Reads a command line.
 *
 * @throws {UsageError} for anything it does not understand, with the nearest name where there is one
 */
export async function parseCommandLine(
  argv: readonly string[],
  commands: readonly CommandSpec[],
  version: string,
): Promise<Request> {
  let request: Request | undefined;
  let out = "";
  let err = "";
  const program = new Command(programName)
    .description("Drive a running Smithers server: start runs, follow them to their end, decide their gates.")
    .usage("<command> [flags]")
    .version(version, "--version", "show the version")
    .helpOption("-h, --help", "show help for the program or a command")
    .helpCommand("help [command]", "show help for a command")
    .configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (err += text) })
    // What stands behind a flag is its value, also where it looks like a flag of the program's, as `--base-url=…` would.
    .enablePositionalOptions()
    .exitOverride();
  for (const option of globalOptions) program.addOption(toOption(option));
  program.addHelpText(
    "after",
    `\nRun ids:\n${columns(runIdHelp)}\n\nExit codes:\n${columns(exitCodeHelp)}\n\nEnvironment:\n${columns(environmentHelp)}`,
  );

  // To set up all commands takes 3 ms. Where none is named, as for help, they are all needed.
  const { command: named } = readWords(argv, commands);
  for (const spec of named === undefined ? commands : [named]) {
    const command = program.command(spec.syntax).summary(spec.summary).description(spec.summary);
    for (const option of spec.options) command.addOption(toOption(option));
    command.helpOption("-h, --help", "show help for the program or a command");
    command.optionsGroup("Global Options:").version(version, "--version", "show the version");
    for (const option of globalOptions) command.addOption(toOption(option));
    const examples = spec.examples.map((line) => `  ${programName} ${line}`).join("\n");
    command.addHelpText("after", `\nExamples:\n${examples}`);
    command.action((...received: unknown[]) => {
      const args = received.slice(0, -2).flat() as (string | undefined)[];
      // A global flag may stand before the command or after it.
      const isGiven = (name: string) => command.getOptionValueSource(name) === "cli";
      const given = Object.entries(command.opts()).filter(([name]) => isGiven(name));
      const globals = { ...program.opts<GlobalOptions>(), ...Object.fromEntries(given) };
      request = { command: spec, args, options: command.opts(), globals };
    });
  }

  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { show: out };
    // Without a command commander shows the help as an error, and says nothing in its message.
    if (error.code === "commander.help") {
      throw new UsageError("no command given", { hint: `${programName} --help` });
    }
    const message = (err || error.message)
      .trim()
      .replace(/^error: /, "")
      .replace(/\s*\n\s*/g, " ");
    throw explainUsage({ code: error.code, message }, readWords(argv, commands));
  }
  if (request === undefined) throw new UsageError("no command given", { hint: `${programName} --help` });
  return request;
}

function toOption({ flags, description, choices, repeatable, default: preset, ...spec }: OptionSpec): Option {
  const parse = choices === undefined ? spec.parse : parseChoice(choices);
  const option = new Option(flags, description);
  if (preset !== undefined) option.default(preset);
  if (parse !== undefined || repeatable === true) {
    option.argParser((value: string, previous: unknown) => {
      try {
        const parsed = parse === undefined ? value : parse(value);
        if (repeatable !== true) return parsed;
        return Array.isArray(previous) ? [...(previous as unknown[]), parsed] : [parsed];
      } catch (error) {
        if (error instanceof UsageError) throw new InvalidArgumentError(error.message);
        throw error;
      }
    });
  }
  return option;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
