import { programName } from "./program-name.js";
import { shellWord } from "./shell-word.js";

/**
 * Returns a command line of this program that is safe to paste into a shell.
 *
 * @param ours the command and its flags, such as `approve --iteration 2`; an array if one of the words has a space
 * @param named ids and other words that a server or a user chose; none of them can become a flag
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
