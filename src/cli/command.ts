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
 * A subcommand: what it takes, and a plain function from that to a result. It does not know the output format, never
 * prints to stdout and never exits.
 */
export interface CommandSpec<Options = object> {
  /**
   * Such as `status <run-id>`. The names say what the words mean: a `run-id` may be `@latest` or a beginning, and a
   * shell's completion knows `run-id`, `node-id`, `workflow`, and words to choose from, as `a|b`.
   */
  syntax: string;
  /** Other names for it. */
  aliases?: readonly string[];
  /** A few words, for the list of commands; at most 39 characters. */
  summary: string;
  /** What it does, in sentences, for its own help. */
  description: string;
  options: readonly OptionSpec[];
  /** Whether it decides, moves or ends the runs that it is given. Default: it looks at them. */
  changesRuns?: true;
  /** Whether a shell's completion offers a run of this status. Default: any. */
  offersRun?(status: string): boolean;
  /** Whether a shell's completion offers every node of the run as `node-id`. Default: those that wait for an approval. */
  offersAnyNode?: true;
  /** Command lines that work, without the program's name. */
  examples: readonly [string, string, ...string[]];
  /**
   * Checks what was typed before anything is sent to the server.
   *
   * @throws {UsageError}
   */
  check?(input: CommandInput<Options>, session: Session): void;
  /** Does the work. The run ids in `input` are whole. */
  execute(input: CommandInput<Options>, session: Session): Promise<Outcome>;
  /** The next command to type after an error, where this command knows better than the general rules. */
  hint?(
    error: unknown,
    input: CommandInput<Options>,
    session: Session,
  ): string | undefined | Promise<string | undefined>;
}

/** Commands for one purpose, as help lists them. */
export interface CommandGroup {
  name: string;
  /** A command, or several that share their row, with the same arguments. */
  rows: readonly (CommandSpec | { commands: readonly CommandSpec[]; summary: string })[];
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
  /** The CI system, which decides how a followed run is printed. */
  readonly ci: CiSystem;
  /** A line of narrative that a CI system marks where it can; the texts have been made visible. */
  annotate(annotation: Annotation): void;
  /** Does work that takes a moment, with a spinner where a person watches. */
  waitFor<T>(what: string, work: Promise<T>): Promise<T>;
  /** Does what needs the person's attention to itself, such as a question, after what was begun so before. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /**
   * A command line to type next, for this server, safe to paste: words of our own (`approve --iteration 2`, or an array
   * where one of them has spaces), then `--`, then each word that a server or a person named.
   */
  commandLine(ours: string | readonly string[], ...named: string[]): string;
}

/** A result that is one document. */
export interface DocumentOutcome {
  kind: "document";
  /** What JSON shows: the server's document, untouched. */
  document: unknown;
  /** What a person sees; empty for nothing. It may ask the server for more than the document holds. */
  text(style: Style): string | Promise<string>;
  /** What to say of it on stderr, after the text. */
  note?: string | undefined;
  exitCode?: number;
}

/** A result that is followed: one run, usually, or several, until each has ended. */
export interface FollowOutcome {
  kind: "follow";
  runs: readonly FollowedRun[];
  /** Whether there are several runs, or may be: what is shown of each has the run's label. New ones come at the end. */
  isGroup: boolean;
  /** Where the approvals lie that a person is to decide, for a format that shows them side by side; undefined for none. */
  desk: ApprovalDesk | undefined;
  /** What comes of the runs, as it comes. Throws if a run is lost; of several, once the others have ended. */
  updates: AsyncGenerator<RunUpdate, void, undefined>;
  /** Print a "still running" line after this long without output, in ms. Default: never. */
  heartbeatMs: number | undefined;
  /** Whether text shows each line that a node prints (`--logs`). */
  showsOutput: boolean;
  /** Milliseconds since 1970 by the server's clock. */
  serverNow(): number;
  /** Maps a run's last status to the exit code, if it is not the table's. */
  exitCode?: (status: string) => number;
  /** The command that follows these runs again, for {@link Session.commandLine}. */
  rewatch(): readonly [ours: string | readonly string[], ...named: string[]];
  /** Called when a signal or `--timeout` ends the following; says what became of the runs that have not ended. */
  onAbort(): Promise<string>;
}

/** What the nodes of a run print, line by line. */
export interface LogOutcome extends Pick<FollowOutcome, "exitCode" | "rewatch" | "onAbort"> {
  kind: "log";
  /** Its last status, once that is known, is the result. */
  run: Pick<FollowedRun, "runId" | "ended">;
  updates: AsyncGenerator<LogUpdate, void, undefined>;
  /** The nodes whose names stand in front of their lines, as far as they are known; undefined for one node alone. */
  nodes: readonly FrameTask[] | undefined;
}

/** What came of the output: the events, for a machine, and the lines that they complete, for people. */
export interface LogUpdate {
  records: readonly EventRecord[];
  lines: readonly OutputLine[];
}

/** One of the runs that are followed. */
export interface FollowedRun {
  readonly runId: string;
  /** Stands in front of its lines, if there are several runs; it grows when a run starts whose id begins alike. */
  readonly label: RunLabel | undefined;
  /** Undefined where it was not asked for. */
  readonly workflowName: string | undefined;
  /** The run as the events read so far show it. */
  view(): RunView;
  /** Its last status, once it has ended. */
  ended: Run | undefined;
  /** Why it could not be followed to its end, if it could not. */
  lost: unknown;
  /** Fetches the newest frame of the run's tree. */
  fetchFrame: FetchFrame;
  /** Which of its nodes are in a loop, as far as it has been asked for. */
  readonly loops: Loops;
  readonly reporters: readonly Reporter[];
}

/** What came of one run. */
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
