import { programName } from "./program-name.js";
import { shellWord } from "./shell-word.js";

/**
 * A command line of ours that is safe to paste into a shell.
 *
 * @param ours the command and its flags, as `approve --iteration 2`; an array where one of the words has a space
 * @param named ids and other words that a server or a person named; none of them can become a flag
 */
export function commandLine(
  ours: string | readonly string[],
  named: readonly string[] = [],
  baseUrl?: string,
): string {
  const server = baseUrl === undefined ? [] : ["--base-url", baseUrl];
  const operands = named.length === 0 ? [] : ["--", ...named];
  const words = typeof ours === "string" ? ours.split(" ") : ours;
  return [programName, ...[...server, ...words, ...operands].map(shellWord)].join(" ");
}
