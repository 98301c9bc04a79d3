import type { EventRecord, Run, RunView, SmithersClient } from "../client/index.js";
import type { CiSystem } from "./ci/ci-system.js";
import type { Context } from "./context.js";
import type { FetchFrame } from "./live/frame-reader.js";
import type { Reporter } from "./ci/reporter.js";
import type { RunLabel } from "./describe/run-labels.js";
import type { Style } from "./terminal/style.js";

/** An option of a command, in commander's notation. */
export interface OptionSpec {
  /** Such as `-w, --watch` or `--limit <n>`. */
  flags: string;
  description: string;
  /** Turns the text into a value; throws {@link UsageError}. */
  parse?: (value: string) => unknown;
  /** The values that it may have; in place of `parse`. */
  choices?: readonly string[];
  /** Values that a shell's completion offers, where others are possible too. */
  suggests?: readonly string[];
  /** May be given several times; the values come as an array. */
  repeatable?: boolean;
  default?: unknown;
}

/**
 * A subcommand: what it takes, and a plain function from that to a result. It does not know the output format, never
 * prints to stdout and never exits.
 */
export interface CommandSpec<Options = any> {
  /**
   * Such as `status <run-id>`. The names say what the words mean: a `run-id` may be `@latest` or a beginning, and a
   * shell's completion knows `run-id`, `node-id`, `workflow`, and words to choose from, as `a|b`.
   */
  syntax: string;
  /** One sentence. */
  summary: string;
  options: readonly OptionSpec[];
  /** Whether it decides, moves or ends the runs that it is given. Default: it looks at them. */
  changesRuns?: true;
  /** Whether a shell's completion offers a run of this status. Default: any. */
  offersRun?(status: string): boolean;
  /** Command lines that work, without the program's name. */
  examples: readonly [string, string, ...string[]];
  execute(input: CommandInput<Options>, session: Session): Promise<Outcome>;
  /** The next command to type after an error, where this command knows better than the general rules. */
  hint?(error: unknown, input: CommandInput<Options>, session: Session): string | undefined;
}

export interface CommandInput<Options> {
  args: readonly (string | undefined)[];
  options: Options;
}

/** Keeps a command's options typed where it is written. */
export function defineCommand<Options>(spec: CommandSpec<Options>): CommandSpec<Options> {
  return spec;
}

/** What a command works with. */
export interface Session {
  readonly client: SmithersClient;
  /** The same without the session's signal, for what is to be put in order after an interruption; each call is bounded. */
  readonly cleanupClient: SmithersClient;
  readonly context: Context;
  /** Milliseconds since 1970 by the server's clock, for all that is measured from a time of the server's. */
  serverNow(): number;
  /** Where the server is, for messages; carries no secret. */
  readonly baseUrl: string;
  /** The key as given, for a server that we start. */
  readonly apiKey: string | undefined;
  /** Ends everything: a signal to the process, or `--timeout`. */
  readonly signal: AbortSignal;
  /** How to write what goes to stdout. */
  readonly style: Style;
  /** How to write what goes to stderr. */
  readonly stderrStyle: Style;
  /** Whether there is a person to ask: at a terminal, in a format for people. */
  readonly canPrompt: boolean;
  /** One line of narrative on stderr; silent where the format is for machines. */
  note(line: string): void;
  /** Rings for a person who may look elsewhere, once for what comes together; silent where nobody sits at a terminal. */
  ring(text: string): void;
  /** What is followed under, which decides how it is told. */
  readonly ci: CiSystem;
  /** A line of narrative that a CI system marks where it can; the texts have been made visible. */
  annotate(level: "notice" | "error", title: string, text: string): void;
  /** Does work that takes a moment, with a spinner where a person watches. */
  waitFor<T>(what: string, work: Promise<T>): Promise<T>;
  /** Does what needs the person's attention to itself, such as a question, after what was begun so before. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /**
   * A command line to type next, for this server, safe to paste: words of our own (`approve --iteration 2`), then `--`,
   * then each word that a server or a person named.
   */
  commandLine(ours: string, ...named: string[]): string;
}

/** A result that is one document. */
export interface DocumentOutcome {
  kind: "document";
  /** What JSON shows: the server's document, untouched. */
  document: unknown;
  /** What a person sees; empty for nothing. It may ask the server for more than the document holds. */
  text(style: Style): string | Promise<string>;
  exitCode?: number;
}

/** A result that is a run followed to its end. */
export interface FollowOutcome {
  kind: "follow";
  runId: string;
  records: AsyncGenerator<EventRecord[], Run, undefined>;
  /** The run as the records read so far show it. */
  view(): RunView;
  ci: CiSystem;
  /** After so many milliseconds without a line one says that we are still there. Default: never. */
  heartbeatMs: number | undefined;
  /** Gives the newest rendering of the run's tree, for who draws it. Default: nothing is drawn. */
  newestFrame?: FetchFrame;
  /** Milliseconds since 1970 by the server's clock. */
  serverNow(): number;
  /** Who else is to tell of the run. */
  reporters: readonly Reporter[];
  /** Where several runs are followed as one; `runId` is of no use then. */
  several?: SeveralRuns;
  /** Maps the run's last status to the exit code, where it is not the table's. */
  exitCode?: (status: string) => number;
  /** Done when a signal or `--timeout` ends the following before the run has ended; says what became of the run. */
  onAbort?: () => Promise<string>;
}

/** What is to be known of runs that are followed together. */
export interface SeveralRuns {
  /** Whose events these are. */
  labelOf(records: readonly EventRecord[]): RunLabel;
  /** How many of them have not ended yet. */
  open(): number;
  /** The command that follows these runs again, for {@link Session.commandLine}. */
  rewatchArgs(): readonly [ours: string, ...named: string[]];
}

/** Nothing to show: the command did its work on stderr. */
export interface SilentOutcome {
  kind: "silent";
  exitCode: number;
}

export type Outcome = DocumentOutcome | FollowOutcome | SilentOutcome;

/** Input that a person has to correct; exit code 4. */
export class UsageError extends Error {
  /** A stable word for `--json`. */
  readonly code: string;
  /** The next command to type. */
  readonly hint: string | undefined;

  constructor(message: string, options: { code?: string; hint?: string } = {}) {
    super(message);
    this.name = "UsageError";
    this.code = options.code ?? "USAGE";
    this.hint = options.hint;
  }
}
