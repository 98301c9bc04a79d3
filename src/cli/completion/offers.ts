import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { createClient, type RunRow, type SmithersClient } from "../../client/index.js";
import type { CommandSpec } from "../command.js";
import type { OptionSpec } from "../args/option.js";
import type { Context } from "../context.js";
import { requestOf } from "../describe/approval-label.js";
import { formatAgo } from "../describe/duration.js";
import { approvalQuestion } from "../tree/approval-question.js";
import { topicNames } from "../args/help.js";
import { readTree } from "../tree/read-tree.js";
import { tasksIn } from "../tree/run-tree.js";
import { latestRun } from "../args/run-ids.js";
import { namesOf, optionNamed, optionsOf, placeholderOf, readWords } from "../args/read-words.js";
import { isDirectory } from "../args/resolve-path.js";
import { readSettings } from "../args/settings.js";
import { argumentName, commandNameOf } from "../args/syntax.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** A word to go on with, and what it is. */
export interface Offer {
  word: string;
  about: string;
}

/** What can come next: words, or files, which the shell knows best. */
export type Offers = { words: readonly Offer[] } | { files: "files" | "directories" };

/** What the outside world has to give for it. */
export type OfferContext = Pick<Context, "cwd" | "env" | "fetch" | "now">;

/** How long a server is waited for, in ms: the person who pressed the key waits too. */
const patienceMs = 1000;

/** How many of the newest runs are offered from. */
const recentRuns = 200;

type Completable = Pick<CommandSpec, "syntax" | "summary" | "options" | "offersRun" | "offersAnyNode">;

function withHelp(commands: readonly CommandSpec[]): readonly Completable[] {
  const syntax = `help [${[...commands.map(commandNameOf), ...topicNames].join("|")}]`;
  return [...commands, { syntax, summary: "Show help for a command or a topic", options: [] }];
}

/**
 * What can come next on a command line. Which of it begins as the current word does is for the shell to say.
 *
 * @param typed the words after the program's name that are complete, without their quotes
 * @param current the word at the cursor, as far as it goes
 * @throws what the client throws
 */
export async function offersFor(
  typed: readonly string[],
  current: string,
  context: OfferContext,
  commands: readonly CommandSpec[],
): Promise<Offers> {
  const completable = withHelp(commands);
  const { command, args, values, pending, isLiteral } = readWords(typed, completable);
  if (pending !== undefined) return offersForValue(pending, current, context);
  if (current.startsWith("-") && !isLiteral) return offersForFlag(command, values, current, context);
  if (command === undefined) {
    const words = completable.map((each) => ({ word: commandNameOf(each), about: each.summary }));
    return { words: args.length === 0 ? words : [] };
  }
  const name = argumentName(command, args.length) ?? "";
  /** What others have named, but for what would be taken for something else. */
  const harmless = (offers: readonly Offer[]) => offers.filter(({ word }) => isHarmless(word, isLiteral));
  if (name === "workflow") {
    // What is typed as a path is none of a gateway's keys.
    const keys = /^\.|[/\\]/.test(current) ? [] : await workflowKeys(clientFor(values, context));
    return { words: harmless(keys.length > 0 ? keys : workflowsAt(current, context.cwd)) };
  }
  if (name === "run-id") {
    const rows = await clientFor(values, context).listRuns<RunRow>({ limit: recentRuns });
    const words = rows
      .filter(({ runId, status }) => !args.includes(runId) && command.offersRun?.(status) !== false)
      .map((row) => ({ word: row.runId, about: aboutRun(row, context.now()) }));
    const newest = { word: latestRun, about: "the newest run" };
    return { words: harmless(current.startsWith("@") ? [newest, ...words] : words) };
  }
  if (name === "node-id") {
    const client = clientFor(values, context);
    const runId = await wholeRunId(args[0] ?? "", client);
    if (command.offersAnyNode === true) {
      const tree = await readTree(runId, { client });
      const tasks = tree === undefined ? [] : tasksIn(tree);
      return { words: harmless(tasks.map(({ nodeId, label }) => ({ word: nodeId, about: label }))) };
    }
    const approvals = await client.listApprovals({ runId });
    const words = approvals.map(async (row) => {
      const { nodeId } = row;
      const question = await approvalQuestion({ nodeId, request: requestOf(row) }, runId, client);
      return { word: nodeId, about: question || "waits for approval" };
    });
    return { words: harmless(await Promise.all(words)) };
  }
  return { words: name.includes("|") ? name.split("|").map(plainWord) : [] };
}

/** The workflows that a gateway knows by a key; empty for other servers. */
async function workflowKeys(client: SmithersClient): Promise<Offer[]> {
  const rows = await client.listWorkflows().catch(() => []);
  return rows.map(({ key }) => ({ word: key, about: "workflow" }));
}

function offersForFlag(
  command: Completable | undefined,
  values: ReadonlyMap<OptionSpec, string>,
  current: string,
  context: OfferContext,
): Offers {
  const [, flag = "", value] = /^(--[^=]*)=(.*)$/s.exec(current) ?? [];
  if (value !== undefined) {
    const option = optionNamed(flag, command);
    const offers = option === undefined ? { words: [] } : offersForValue(option, value, context);
    return {
      words: "words" in offers ? offers.words.map((each) => ({ ...each, word: `${flag}=${each.word}` })) : [],
    };
  }
  const left = optionsOf(command).filter((option) => option.repeatable === true || !values.has(option));
  return { words: left.map((option) => ({ word: namesOf(option).at(-1) ?? "", about: option.description })) };
}

function offersForValue(option: OptionSpec, current: string, { cwd }: OfferContext): Offers {
  switch (placeholderOf(option)) {
    case "file":
      return { files: "files" };
    case "dir":
      return { files: "directories" };
    case "key=value": {
      const [, key, path] = option.flags.startsWith("-F") ? (/^([^=]+=)@(.*)$/s.exec(current) ?? []) : [];
      const files = path === undefined ? [] : filesBehindAt(path, cwd);
      return { words: files.map(({ word }) => plainWord(`${key}${word}`)) };
    }
    case "json|@file|-":
      return {
        words: current.startsWith("@")
          ? filesBehindAt(current.slice(1), cwd).filter(({ word }) => isHarmless(word, false))
          : [],
      };
    default:
      return { words: (option.choices ?? option.suggests ?? []).map(plainWord) };
  }
}

/** The files that a path may go on to, each behind an `@`, which no shell takes for a path. */
function filesBehindAt(path: string, cwd: string | undefined): Offer[] {
  return pathsAt(path, cwd).map((each) => plainWord(`@${each}`));
}

/** The workflows that a path may go on to, and the folders that may hold some: here as on a server of this machine. */
function workflowsAt(path: string, cwd: string | undefined): Offer[] {
  return pathsAt(path, cwd)
    .filter((each) => /\/$|\.tsx$/.test(each))
    .map(plainWord);
}

/** The files and folders that a path may go on to; a folder ends with `/`. */
function pathsAt(path: string, cwd = ""): string[] {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const isHidden = path.startsWith(".", folder.length);
  return readdirSync(resolve(cwd, folder))
    .filter((name) => name.startsWith(".") === isHidden)
    .map((name) => `${folder}${name}${isDirectory(resolve(cwd, folder, name)) ? "/" : ""}`);
}

function plainWord(word: string): Offer {
  return { word, about: "" };
}

function clientFor(values: ReadonlyMap<OptionSpec, string>, { env, fetch }: OfferContext): SmithersClient {
  const given = (flag: string) => [...values].find(([option]) => namesOf(option).includes(flag))?.[1];
  const { baseUrl, apiKey } = readSettings({ baseUrl: given("--base-url"), apiKey: given("--api-key") }, env);
  const signal = AbortSignal.timeout(patienceMs);
  return createClient({ baseUrl, apiKey, fetch, signal, retries: 0 });
}

/** The id that a typed one means, where it means one. */
async function wholeRunId(typed: string, client: SmithersClient): Promise<string> {
  const runIds = (await client.listRuns<RunRow>({ limit: recentRuns }).catch(() => [])).map(
    ({ runId }) => runId,
  );
  const meant = typed === latestRun ? runIds.slice(0, 1) : runIds.filter((runId) => runId.startsWith(typed));
  return meant.length === 1 && !runIds.includes(typed) ? String(meant[0]) : typed;
}

function aboutRun({ workflowName, status, createdAtMs }: RunRow, now: number): string {
  return `${workflowName ?? "-"}, ${status}, ${formatAgo(createdAtMs, now)}`;
}

/**
 * Whether a word is what it looks like: nothing that a terminal would obey, no flag, unless it stands after `--`, and
 * nobody's home, which fish makes of a `~` even where it quotes.
 */
function isHarmless(word: string, isLiteral: boolean): boolean {
  return (
    word !== "" &&
    !word.startsWith("~") &&
    (isLiteral || !word.startsWith("-")) &&
    escapeControls(word) === word
  );
}
