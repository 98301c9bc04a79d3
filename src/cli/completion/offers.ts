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

/** A word that can come next, with a description. */
export interface Offer {
  word: string;
  about: string;
}

/** What can come next: words, or files, which the shell itself completes best. */
export type Offers = { words: readonly Offer[] } | { files: "files" | "directories" };

/** The part of the outside world that completion uses. */
export type OfferContext = Pick<Context, "cwd" | "env" | "fetch" | "now">;

/** How long to wait for a server, in ms: the user who pressed the key is waiting too. */
const patienceMs = 1000;

/** How many of the newest runs to select offers from. */
const recentRuns = 200;

type Completable = Pick<CommandSpec, "syntax" | "summary" | "options" | "offersRun" | "offersAnyNode">;

function withHelp(commands: readonly CommandSpec[]): readonly Completable[] {
  const syntax = `help [${[...commands.map(commandNameOf), ...topicNames].join("|")}]`;
  return [...commands, { syntax, summary: "Show help for a command or a topic", options: [] }];
}

/**
 * Returns what can come next on a command line. The shell selects the offers that start with the current word.
 *
 * @param typed the complete words after the program's name, without their quotes
 * @param current the word at the cursor, as typed so far
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
  /** Drops names that a shell or a terminal would treat as something else. */
  const harmless = (offers: readonly Offer[]) => offers.filter(({ word }) => isHarmless(word, isLiteral));
  if (name === "workflow") {
    // A word typed as a path is not a gateway's key.
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

/** Returns the workflows that have a key on a gateway; empty for other servers. */
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

/** Returns the files that can complete a path, each after an `@`, because no shell completes such a word as a path. */
function filesBehindAt(path: string, cwd: string | undefined): Offer[] {
  return pathsAt(path, cwd).map((each) => plainWord(`@${each}`));
}

/**
 * Returns the workflows that can complete a path, and the folders that may contain some. They are looked up here, as if
 * the server were on this machine.
 */
function workflowsAt(path: string, cwd: string | undefined): Offer[] {
  return pathsAt(path, cwd)
    .filter((each) => /\/$|\.tsx$/.test(each))
    .map(plainWord);
}

/** Returns the files and folders that can complete a path; a folder ends with `/`. */
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

/** Returns the full id that a typed one stands for; the typed one itself if it does not stand for exactly one. */
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
 * Whether a word is what it looks like: nothing that a terminal would obey, no flag unless it comes after `--`, and no
 * leading `~`, which fish expands to a home directory even in what it quotes.
 */
function isHarmless(word: string, isLiteral: boolean): boolean {
  return (
    word !== "" &&
    !word.startsWith("~") &&
    (isLiteral || !word.startsWith("-")) &&
    escapeControls(word) === word
  );
}
