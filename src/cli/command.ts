import type { EventRecord, Run, RunView, SmithersClient } from "../client/index.js";
import type { OptionSpec } from "./args/option.js";
import type { Annotation, CiSystem } from "./ci/ci-system.js";
import type { Context } from "./context.js";
import type { ApprovalDesk } from "./live/approval-desk.js";
import type { FetchFrame, Loops } from "./tree/loops.js";
import type { FrameTask } from "./tree/run-tree.js";
import type { OutputLine } from "./describe/output-lines.js";
import type { Reporter } from "./ci/reporter.js";
import type { RunLabel } from "./describe/run-labels.js";
import type { Style } from "./terminal/style.js";

/**
 * A subcommand: its arguments and options, and a plain function from those to a result. It does not know the output
 * format, never prints to stdout and never exits.
 */
export interface CommandSpec<Options = object> {
  /**
   * Such as `status <run-id>`. The names say what the words mean: a `run-id` may be `@latest` or a prefix, and shell
   * completion knows `run-id`, `node-id`, `workflow`, and choices such as `a|b`.
   */
  syntax: string;
  /** Other names for the command. */
  aliases?: readonly string[];
  /** A few words for the list of commands, at most 39 characters. */
  summary: string;
  /** What the command does, in sentences, for its own help. */
  description: string;
  options: readonly OptionSpec[];
  /**
   * Whether the command changes the given runs, for example decides, resumes or ends them. Default: it only reads them.
   */
  changesRuns?: true;
  /** Whether shell completion offers a run with this status. Default: it offers any run. */
  offersRun?(status: string): boolean;
  /**
   * Whether shell completion offers every node of the run as `node-id`. Default: only those that wait for an approval.
   */
  offersAnyNode?: true;
  /** Working command lines, without the program's name. */
  examples: readonly [string, string, ...string[]];
  /**
   * Checks the arguments and options before anything is sent to the server.
   *
   * @throws {UsageError}
   */
  check?(input: CommandInput<Options>, session: Session): void;
  /** Does the work. The run ids in `input` are full ids. */
  execute(input: CommandInput<Options>, session: Session): Promise<Outcome>;
  /** Returns the next command to type after an error, if this command knows better than the general rules. */
  hint?(
    error: unknown,
    input: CommandInput<Options>,
    session: Session,
  ): string | undefined | Promise<string | undefined>;
}

/** Commands for one purpose, as help lists them. */
export interface CommandGroup {
  name: string;
  /** Each row is a command, or several commands that share the row and take the same arguments. */
  rows: readonly (CommandSpec | { commands: readonly CommandSpec[]; summary: string })[];
}

export interface CommandInput<Options> {
  args: readonly (string | undefined)[];
  options: Options;
}

/** Defines a command, and keeps its options typed. */
export function defineCommand<Options>(spec: CommandSpec<Options>): CommandSpec<Options> {
  return spec;
}

/** What a command works with. */
export interface Session {
  readonly client: SmithersClient;
  /** The same client without the session's signal, for cleanup after an interruption. Each call has a time limit. */
  readonly cleanupClient: SmithersClient;
  readonly context: Context;
  /** Returns milliseconds since 1970 by the server's clock, to measure from a time that the server gave. */
  serverNow(): number;
  /** The server's URL, for messages; contains no secret. */
  readonly baseUrl: string;
  /** The key as given, for a server that we start. */
  readonly apiKey: string | undefined;
  /** Ends everything: a signal to the process, or `--timeout`. */
  readonly signal: AbortSignal;
  /** The style for text on stdout. */
  readonly style: Style;
  /** The style for text on stderr. */
  readonly stderrStyle: Style;
  /** Whether there is a user to ask: at a terminal, in a format for people. */
  readonly canPrompt: boolean;
  /** Prints one line of narrative on stderr; silent if the format is for machines. */
  note(line: string): void;
  /**
   * Rings the terminal's bell for a user who may not be watching: once for calls in quick succession, and never without
   * a terminal.
   */
  ring(text: string): void;
  /** The CI system, which decides how a followed run is printed. */
  readonly ci: CiSystem;
  /** Prints a line of narrative that a CI system highlights if it can. The texts must already be escaped. */
  annotate(annotation: Annotation): void;
  /** Waits for work that takes a moment, with a spinner if a user is watching. */
  waitFor<T>(what: string, work: Promise<T>): Promise<T>;
  /** Does work that needs the user's full attention, such as a question, once earlier work of this kind has ended. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Returns a command line to type next, for this server, safe to paste: words of our own (`approve --iteration 2`, or
   * an array if one of them has spaces), then `--`, then each word that a server or a user chose.
   */
  commandLine(ours: string | readonly string[], ...named: string[]): string;
}

/** A result that is one document. */
export interface DocumentOutcome {
  kind: "document";
  /** What JSON shows: the server's document, unchanged. */
  document: unknown;
  /** Returns the text for people; empty for nothing. May request more from the server than the document contains. */
  text(style: Style): string | Promise<string>;
  /** A note about it for stderr, after the text. */
  note?: string | undefined;
  exitCode?: number;
}

/** A result that is followed until each run has ended: usually one run, sometimes several. */
export interface FollowOutcome {
  kind: "follow";
  runs: readonly FollowedRun[];
  /** Whether there are several runs, or may be: then what is shown of each has the run's label. New runs come last. */
  isGroup: boolean;
  /** The approvals for a user to decide, for a format that shows them side by side; `undefined` if there are none. */
  desk: ApprovalDesk | undefined;
  /**
   * Yields the runs' updates as they arrive. Throws if a run is lost; with several runs, after the others have ended.
   */
  updates: AsyncGenerator<RunUpdate, void, undefined>;
  /** Print a "still running" line after this long without output, in ms. Default: never. */
  heartbeatMs: number | undefined;
  /** Whether text shows each line that a node prints (`--logs`). */
  showsOutput: boolean;
  /** Milliseconds since 1970 by the server's clock. */
  serverNow(): number;
  /** Maps a run's last status to the exit code. Default: the status table's exit code. */
  exitCode?: (status: string) => number;
  /** Returns the command that follows these runs again, for {@link Session.commandLine}. */
  rewatch(): readonly [ours: string | readonly string[], ...named: string[]];
  /** Called when a signal or `--timeout` ends the following. Returns what happened to the runs that have not ended. */
  onAbort(): Promise<string>;
}

/** What the nodes of a run print, line by line. */
export interface LogOutcome extends Pick<FollowOutcome, "exitCode" | "rewatch" | "onAbort"> {
  kind: "log";
  /** The run. Its last status, once known, is the result. */
  run: Pick<FollowedRun, "runId" | "ended">;
  updates: AsyncGenerator<LogUpdate, void, undefined>;
  /** The nodes whose names prefix their lines, as far as they are known; `undefined` for a single node. */
  nodes: readonly FrameTask[] | undefined;
}

/** New output: the events, for a machine, and the lines that they complete, for people. */
export interface LogUpdate {
  records: readonly EventRecord[];
  lines: readonly OutputLine[];
}

/** One of the followed runs. */
export interface FollowedRun {
  readonly runId: string;
  /** The prefix of its lines, if there are several runs. It grows when a run starts whose id has the same prefix. */
  readonly label: RunLabel | undefined;
  /** `undefined` if it was not requested. */
  readonly workflowName: string | undefined;
  /** Returns the run as the events read so far show it. */
  view(): RunView;
  /** The run's last status, once it has ended. */
  ended: Run | undefined;
  /** Why the run could not be followed to its end; `undefined` if it could. */
  lost: unknown;
  /** Fetches the newest frame of the run's tree. */
  fetchFrame: FetchFrame;
  /** Which of the run's nodes are in a loop, as far as that was looked up. */
  readonly loops: Loops;
  readonly reporters: readonly Reporter[];
}

/** New events of one run. */
export interface RunUpdate {
  run: FollowedRun;
  records: EventRecord[];
}

/** Nothing to show: the command did its work on stderr. */
export interface SilentOutcome {
  kind: "silent";
  exitCode: number;
}

export type Outcome = DocumentOutcome | FollowOutcome | LogOutcome | SilentOutcome;
