import type { Fetch } from "../client/index.js";
import type { KeyListener, QuestionRules } from "./terminal/questions.js";
import type { Screen } from "./terminal/screen.js";
import type { Environment } from "./environment.js";

/** A stream to write to, with what a terminal says of itself. */
export interface OutputStream {
  readonly isTTY: boolean;
  /** The terminal's width in columns, where it has one. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
  /** The terminal that it ends at, where something can be drawn; the same one where stdout and stderr share it. */
  readonly terminal: Screen | undefined;
  /** Resolves when the reader can take more; rejects when it is gone. */
  write(text: string): Promise<void>;
  /** Calls back after each change of the terminal's size; returns what ends that. */
  onResize(listener: () => void): () => void;
  /** The stream behind this one, where this one changes what a CI system would take for commands. */
  readonly unguarded?: OutputStream;
}

export interface InputStream {
  readonly isTTY: boolean;
  /** Everything up to the end of the input. Rejects with the signal's reason. */
  bytes(signal: AbortSignal): Promise<Uint8Array>;
  /**
   * Asks for one line, on stderr, as soon as the terminal is ours; undefined where the input has ended. Rejects with the
   * signal's reason.
   */
  question(prompt: string, signal: AbortSignal, rules?: QuestionRules): Promise<string | undefined>;
  /** Gives single keys, as soon as the terminal is ours and while no question is asked, until the signal is aborted. */
  listen(onKeys: KeyListener, signal: AbortSignal): void;
}

/** A signal that the process was sent. */
export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP";

/** What a program is started with. */
export interface SpawnOptions {
  cwd: string;
  env: Record<string, string | undefined>;
  /** Takes each line that it writes to its stdout or stderr. */
  onLine: (line: string) => void;
  /** Takes each message that it sends by IPC; that channel closes when this process ends, however it ends. */
  onMessage: (message: unknown) => void;
}

/** A program that we started. It has no stdin, and the terminal's Ctrl-C does not reach it. */
export interface Child {
  readonly pid: number | undefined;
  /** Resolves with the exit code, or 128 + the signal's number; rejects where it could not be started. */
  readonly ended: Promise<number>;
  kill(signal: SignalName | "SIGKILL"): void;
}

/** All of the outside world that the command line sees; a test passes its own. */
export interface Context {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Environment;
  /** The working directory; undefined where it has been deleted. */
  readonly cwd: string | undefined;
  /** The package's version. */
  readonly version: string;
  /** Aborted by a signal to the process; its reason is an {@link Interrupted}. */
  readonly signal: AbortSignal;
  readonly fetch: Fetch;
  /** Milliseconds since 1970. */
  now(): number;
  spawn(command: string, args: readonly string[], options: SpawnOptions): Child;
}

/** The reason of an abort that a signal to the process caused. */
export class Interrupted extends Error {
  readonly signalName: SignalName;

  constructor(signalName: SignalName) {
    super(`interrupted by ${signalName}`);
    this.name = "Interrupted";
    this.signalName = signalName;
  }
}
