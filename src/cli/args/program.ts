import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { CommandGroup, CommandSpec } from "../command.js";
import type { OptionSpec } from "./option.js";
import { UsageError } from "../usage-error.js";
import { explainUsage } from "./explain-usage.js";
import { programHelp, topicHelp, topicNames } from "./help.js";
import { programName } from "./program-name.js";
import { parseChoice } from "./parse-choice.js";
import { readWords } from "./read-words.js";
import { globalOptions, type GlobalOptions } from "./settings.js";
import { commandsOf } from "./syntax.js";

/** A command to execute, with the arguments and options typed for it. */
export interface ParsedCommand {
  command: CommandSpec;
  args: readonly (string | undefined)[];
  options: Record<string, unknown>;
  globals: GlobalOptions;
}

/** What a command line requests: a command to execute, or text to show. */
export type Request = ParsedCommand | { show: string };

/**
 * Parses a command line.
 *
 * @throws {UsageError} for anything that it does not understand, with the nearest name if there is one
 */
export async function parseCommandLine(
  argv: readonly string[],
  groups: readonly CommandGroup[],
  version: string,
): Promise<Request> {
  let request: Request | undefined;
  let out = "";
  let err = "";
  if (argv.length === 0) return { show: programHelp(groups) };
  const commands = groups.flatMap(commandsOf);
  const program = new Command(programName)
    .version(version, "-V, --version", "show the version")
    .helpOption("-h, --help", "show help for the program or a command")
    .helpCommand(false)
    .configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (err += text) })
    // The word after a flag is its value, even if it looks like one of the program's flags, such as `--base-url=…`.
    .enablePositionalOptions()
    .exitOverride();
  program.helpInformation = () => programHelp(groups);
  const addGlobalOptions = (command: Command) => {
    for (const option of globalOptions) command.addOption(toOption(option));
  };
  addGlobalOptions(program);

  // Setting up all commands takes 3 ms. They are all needed only if none is named, as for help.
  const { command: named } = readWords(argv, commands);
  for (const spec of named === undefined ? commands : [named]) {
    const command = program.command(spec.syntax).description(spec.description);
    command.aliases(spec.aliases ?? []);
    for (const option of spec.options) command.addOption(toOption(option));
    command.helpOption("-h, --help", "show help for the program or a command");
    command.optionsGroup("Global Options:").version(version, "-V, --version", "show the version");
    addGlobalOptions(command);
    const examples = spec.examples.map((line) => `  ${programName} ${line}`).join("\n");
    command.addHelpText("after", `\nExamples:\n${examples}`);
    command.action((...received: unknown[]) => {
      const args = received.slice(0, -2).flat() as (string | undefined)[];
      // A global flag may come before or after the command.
      const isGiven = (name: string) => command.getOptionValueSource(name) === "cli";
      const given = Object.entries(command.opts()).filter(([name]) => isGiven(name));
      const globals = { ...program.opts<GlobalOptions>(), ...Object.fromEntries(given) };
      request = { command: spec, args, options: command.opts(), globals };
    });
  }

  const help = program.command("help [topic]").description("Show help for a command or a topic.");
  addGlobalOptions(help);
  help.action((topic?: string) => {
    const text = helpFor(topic, program);
    out += text;
  });

  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { show: out };
    // Without a command, commander shows the help as an error without a message.
    if (error.code === "commander.help") {
      throw new UsageError("no command given", { hint: `${programName} --help` });
    }
    const message = (err || error.message)
      .trim()
      .replace(/^error: /, "")
      .replace(/\s*\n\s*/g, " ");
    throw explainUsage({ code: error.code, message }, readWords(argv, commands));
  }
  if (out !== "") return { show: out };
  if (request === undefined) throw new UsageError("no command given", { hint: `${programName} --help` });
  return request;
}

/**
 * Returns the help for a topic or, without one, for the program. Writes a command's help to the program's output.
 *
 * @throws {UsageError} if there is no such topic or command
 */
function helpFor(topic: string | undefined, program: Command): string {
  if (topic === undefined) return program.helpInformation();
  const text = topicHelp(topic);
  if (text !== undefined) return text;
  const command = program.commands.find((each) => [each.name(), ...each.aliases()].includes(topic));
  if (command === undefined) {
    const what = `there is no help for '${topic}': it is neither a command nor one of ${topicNames.join(", ")}`;
    throw new UsageError(what, { hint: `${programName} --help` });
  }
  // Includes the examples, and writes to the program's output.
  command.outputHelp();
  return "";
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
