import type { CommandGroup, CommandSpec } from "../command.js";

/** Returns the word that names a command. */
export function commandNameOf({ syntax }: Pick<CommandSpec, "syntax">): string {
  return syntax.split(" ")[0] ?? syntax;
}

export function commandsOf({ rows }: CommandGroup): CommandSpec[] {
  return rows.flatMap((row) => ("commands" in row ? row.commands : [row]));
}

/** Whether a word names a command. */
export function isNamed(command: Pick<CommandSpec, "syntax" | "aliases">, word: string): boolean {
  return commandNameOf(command) === word || command.aliases?.includes(word) === true;
}

/**
 * Returns what a command's syntax calls the argument at an index, such as `run-id` in `status <run-id>`. A last
 * `[run-id...]` repeats. `undefined` if the command takes no argument there.
 */
export function argumentName({ syntax }: Pick<CommandSpec, "syntax">, index: number): string | undefined {
  const names = [...syntax.matchAll(/[<[]([^\]>]+)[\]>]/g)].map(([, name = ""]) => name);
  const last = names.at(-1);
  const name = index >= names.length && last?.endsWith("...") ? last : names[index];
  return name?.replace(/\.\.\.$/, "");
}
