import type { CommandGroup } from "../command.js";
import { exitCodeHelp } from "../exit-codes.js";
import { programName } from "./program-name.js";
import { runIdHelp } from "./run-ids.js";
import { environmentHelp, globalOptions } from "./settings.js";
import { commandNameOf } from "./syntax.js";

type Rows = readonly (readonly [string, string])[];

/** What `help` explains besides the commands. */
const topics: Readonly<Record<string, Rows>> = {
  "exit-codes": exitCodeHelp,
  environment: environmentHelp,
  "run-ids": runIdHelp,
};

export const topicNames = Object.keys(topics);

/** Returns the text of a topic; `undefined` if there is no such topic. */
export function topicHelp(name: string): string | undefined {
  const rows = Object.hasOwn(topics, name) ? topics[name] : undefined;
  return rows === undefined ? undefined : columns(rows);
}

/** The width of a terminal that the program's help fits into, in columns. */
const width = 80;

/** Returns the program's help: the commands first, on one screen. */
export function programHelp(groups: readonly CommandGroup[]): string {
  const rows = groups.flatMap(({ name, rows }) =>
    rows.map((row, index) => {
      const { syntax } = "commands" in row ? (row.commands[0] ?? { syntax: "" }) : row;
      const names = "commands" in row ? row.commands.map(commandNameOf).join("|") : commandNameOf(row);
      return [index === 0 ? name : "", syntax.replace(/^\S+/, names), row.summary] as const;
    }),
  );
  const [groupWidth, syntaxWidth] = [0, 1].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const indent = (groupWidth ?? 0) + 2;
  const flags = [...globalOptions.map(({ flags }) => flags), "--version", "--help"];
  return [
    `Usage: ${programName} <command> [flags]`,
    "",
    ...rows.map(([group, syntax, summary]) =>
      `${group.padEnd(indent)}${syntax.padEnd((syntaxWidth ?? 0) + 2)}${summary}`.trimEnd(),
    ),
    ...wrapped("Flags", flags.join(", "), indent),
    ...wrapped("More", ["<command> --help", ...topicNames.map((name) => `help ${name}`)].join(", "), indent),
    "",
  ].join("\n");
}

/** Returns a row of the help, on several lines if needed. Breaks after commas. */
function wrapped(heading: string, text: string, indent: number): string[] {
  const lines = [""];
  for (const part of text.split(/(?<=,) /)) {
    const line = `${lines.at(-1)} ${part}`.trimStart();
    if (indent + line.length <= width) lines[lines.length - 1] = line;
    else lines.push(part);
  }
  return lines.map((line, index) => `${(index === 0 ? heading : "").padEnd(indent)}${line}`);
}

function columns(rows: Rows): string {
  const left = Math.max(...rows.map(([term]) => term.length));
  return rows.map(([term, meaning]) => `${term.padEnd(left)}  ${meaning}\n`).join("");
}
