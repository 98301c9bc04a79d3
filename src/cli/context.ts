import type { Fetch } from "../client/index.js";
import type { KeyListener, QuestionRules } from "./terminal/questions.js";
import type { Screen } from "./terminal/screen.js";
import type { Environment } from "./environment.js";

/** A stream to write to, with the properties of its terminal. */
export interface OutputStream {
  readonly isTTY: boolean;
  /** The terminal's width in columns, if known. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
  /** The terminal that the stream writes to, if it can be drawn on; the same one if stdout and stderr share it. */
  readonly terminal: Screen | undefined;
  /** Resolves when the reader can take more; rejects when it is gone. */
  write(text: string): Promise<void>;
  /** Calls back after each change of the terminal's size. Returns a function that stops the callbacks. */
  onResize(listener: () => void): () => void;
  /** The stream behind this one, if this one escapes what a CI system would read as commands. */
  readonly unguarded?: OutputStream;
}

export interface InputStream {
  readonly isTTY: boolean;
  /** Reads everything up to the end of the input. Rejects with the signal's reason. */
  bytes(signal: AbortSignal): Promise<Uint8Array>;
  /**
   * Asks for one line, on stderr, once this process is in the foreground of the terminal; `undefined` if the input has
   * ended. Rejects with the signal's reason.
   */
  question(prompt: string, signal: AbortSignal, rules?: QuestionRules): Promise<string | undefined>;
  /**
   * Passes on the keys pressed while no question is open, once this process is in the foreground, until the signal is
   * aborted.
   */
  listen(onKeys: KeyListener, signal: AbortSignal): void;
}

/** A signal that was sent to the process. */
export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP";

/** The options for starting a program. */
export interface SpawnOptions {
  cwd: string;
  env: Record<string, string | undefined>;
  /** Called with each line that the program writes to its stdout or stderr. */
  onLine: (line: string) => void;
  /**
   * Called with each message that the program sends by IPC. The channel closes when this process ends, however it ends.
   */
  onMessage: (message: unknown) => void;
}

/** A program that this process started. It has no stdin, and Ctrl-C in the terminal does not reach it. */
export interface Child {
  readonly pid: number | undefined;
  /** Resolves with the exit code, or 128 + the signal's number; rejects if the program could not be started. */
  readonly ended: Promise<number>;
  kill(signal: SignalName | "SIGKILL"): void;
}

/** Everything that the command line sees of the outside world; tests pass their own. */
export interface Context {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Environment;
  /** The working directory; `undefined` if it was deleted. */
  readonly cwd: string | undefined;
  /** The package's version. */
  readonly version: string;
  /** Aborted by a signal to the process; its reason is an {@link Interrupted}. */
  readonly signal: AbortSignal;
  readonly fetch: Fetch;
  /** Returns milliseconds since 1970. */
  now(): number;
  spawn(command: string, args: readonly string[], options: SpawnOptions): Child;
}

/** The abort reason after a signal to the process. */
export class Interrupted extends Error {
  readonly signalName: SignalName;

  constructor(signalName: SignalName) {
    super(`interrupted by ${signalName}`);
    this.name = "Interrupted";
    this.signalName = signalName;
  }
}
