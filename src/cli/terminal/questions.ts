import type { Interface } from "node:readline/promises";
import { PassThrough } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";
import { escapeKey, interruptKey, nextLine, pastedBreak, suspendKey } from "./next-line.js";
import type { Screen } from "./screen.js";

/** What questions need of a terminal's input, as `process.stdin` has it. */
type Keyboard = Pick<
  NodeJS.ReadStream,
  "on" | "pause" | "resume" | "setRawMode" | "readableEnded" | "destroyed"
>;

export interface QuestionOptions {
  /** Called at the first question. */
  keyboard(): Keyboard;
  output: NodeJS.WriteStream;
  screen: Screen;
  /** Whether the terminal can mark what is pasted; one that cannot may show what asks for it. */
  marksPaste: boolean;
  /** What Ctrl-C and Ctrl-Z do, which a terminal does not do by itself while it is asked for single keys. */
  interrupt(): void;
  suspend(): void;
}

/** Milliseconds between two looks at whether the terminal is ours again. */
const foregroundPollMs = 200;

/** Between these a terminal marks what is pasted. */
const pasteOn = "\u001b[?2004h";
const pasteOff = "\u001b[?2004l";

/** How a question is asked. */
export interface QuestionRules {
  /**
   * The question comes of a key that was pressed: Escape takes it back, which is as the end of the input, and nothing that
   * was typed ahead answers it. Default: false.
   */
  afterKey?: boolean;
}

/** Takes what is typed, as much as one read of the terminal brings. */
export type KeyListener = (keys: string) => void;

interface OpenQuestion {
  lines: Interface;
  keys: PassThrough;
  hasLine: boolean;
  signal: AbortSignal;
  /** Takes the question back. */
  leave: (() => void) | undefined;
}

/** Asks a person at the terminal, one question at a time. What is typed ahead answers the questions that follow. */
export class Questions {
  readonly #options: QuestionOptions;
  readonly #decoder = new StringDecoder("utf8");
  #keyboard: Keyboard | undefined;
  /** What has been typed and is no question's yet. */
  #typed = "";
  #isPasting = false;
  #hasEnded = false;
  #open: OpenQuestion | undefined;
  #listener: { onKeys: KeyListener; signal: AbortSignal } | undefined;

  constructor(options: QuestionOptions) {
    this.#options = options;
  }

  /**
   * Asks for one line, as soon as the terminal is ours; undefined where the input has ended. Breaks of lines are in the
   * answer where it was pasted.
   *
   * @throws the signal's reason
   */
  async ask(
    prompt: string,
    signal: AbortSignal,
    { afterKey = false }: QuestionRules = {},
  ): Promise<string | undefined> {
    const { output, screen, interrupt, suspend } = this.#options;
    const { createInterface } = await import("node:readline/promises");
    await this.#untilForeground(signal);
    const keyboard = this.#listen();
    // Readline gets keys alone: what it does to the terminal's modes it does in the background too.
    const keys = new PassThrough();
    const lines = createInterface({ input: keys, output, terminal: true, historySize: 0 });
    lines.on("SIGINT", interrupt).on("SIGTSTP", suspend);
    const ended = new Promise<undefined>((resolve) => lines.once("close", () => resolve(undefined)));
    // Not given to readline, which would end the line on the screen and forget where the cursor was.
    let abort = (): void => {};
    const aborted = new Promise<never>((_, reject) => (abort = () => reject(signal.reason as Error)));
    signal.addEventListener("abort", abort, { once: true });
    let isLeft = false;
    let leave: (() => void) | undefined;
    const left = new Promise<undefined>((resolve) => {
      leave = () => {
        isLeft = true;
        resolve(undefined);
      };
    });
    if (afterKey) this.#typed = "";
    screen.ask(prompt, lines);
    this.#open = { lines, keys, hasLine: false, signal, leave: afterKey ? leave : undefined };
    let answer: string | undefined;
    try {
      this.#takeKeys(keyboard);
      const line = lines.question(prompt);
      this.#feed();
      answer = await Promise.race([line, ended, aborted, left]);
      return answer?.replaceAll(pastedBreak, "\n");
    } catch (error) {
      // What was typed ahead was meant for this question and what follows it, not for another one.
      this.#typed = "";
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#open = undefined;
      if (afterKey) this.#typed = "";
      screen.answered(answer, !signal.aborted && !isLeft);
      if (this.#listener === undefined) this.#leaveKeys(keyboard);
      lines.close();
    }
  }

  /**
   * Gives what is typed while no question is open, as soon as the terminal is ours, until the signal is aborted. Ctrl-C
   * and Ctrl-Z do what they always do.
   */
  async listen(onKeys: KeyListener, signal: AbortSignal): Promise<void> {
    try {
      await this.#untilForeground(signal);
    } catch {
      return;
    }
    const keyboard = this.#listen();
    const listener = { onKeys, signal };
    this.#listener = listener;
    const leave = () => {
      if (this.#listener !== listener) return;
      this.#listener = undefined;
      if (this.#open === undefined) this.#leaveKeys(keyboard);
    };
    signal.addEventListener("abort", leave, { once: true });
    this.#takeKeys(keyboard);
  }

  /** Leaves the keys to the terminal, before the process stops. */
  pause(): void {
    const isReading = this.#open !== undefined || this.#listener !== undefined;
    if (isReading && this.#keyboard !== undefined) this.#leaveKeys(this.#keyboard);
  }

  /** Goes on with the question that was open, and with the keys, once the terminal is ours again. */
  async resume(): Promise<void> {
    const question = this.#open;
    const keyboard = this.#keyboard;
    const signal = (question ?? this.#listener)?.signal;
    if (signal === undefined || keyboard === undefined) return;
    // A process that reads in the background is stopped.
    keyboard.pause();
    try {
      await this.#untilForeground(signal);
    } catch {
      // Of two, one may be left.
      if (this.#listener !== undefined && !this.#listener.signal.aborted) return this.resume();
      return;
    }
    // Another question has waited for the terminal by itself.
    if (this.#open !== question && (this.#open !== undefined || this.#listener === undefined)) return;
    // The shell has changed the modes meanwhile. Node does not set a mode again that it has set itself.
    keyboard.setRawMode(false);
    this.#takeKeys(keyboard);
    if (this.#open !== undefined) this.#options.screen.unpark();
  }

  async #untilForeground(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (!this.#options.screen.isForeground) {
      try {
        await sleep(foregroundPollMs, undefined, { signal });
      } catch {
        throw signal.reason;
      }
    }
  }

  #listen(): Keyboard {
    if (this.#keyboard !== undefined) return this.#keyboard;
    const end = () => {
      this.#hasEnded = true;
      this.#open?.keys.end();
    };
    const keyboard = this.#options.keyboard();
    this.#keyboard = keyboard;
    this.#hasEnded = keyboard.readableEnded || keyboard.destroyed;
    return keyboard
      .on("data", (data: Buffer | string) => {
        const keys = typeof data === "string" ? data : this.#decoder.write(data);
        // What is typed ahead waits for its question, but nobody has to wait to leave.
        if (keys.includes(interruptKey) && this.#open?.hasLine !== false) return this.#options.interrupt();
        if (keys === escapeKey && this.#open?.leave !== undefined) return this.#open.leave();
        if (this.#open === undefined && this.#listener !== undefined) {
          return keys === suspendKey ? this.#options.suspend() : this.#listener.onKeys(keys);
        }
        this.#typed += keys;
        this.#feed();
      })
      .on("end", end)
      .on("error", end);
  }

  #takeKeys(keyboard: Keyboard): void {
    keyboard.setRawMode(true);
    if (this.#options.marksPaste) this.#options.output.write(pasteOn);
    keyboard.resume();
  }

  #leaveKeys(keyboard: Keyboard): void {
    keyboard.pause();
    if (!this.#options.screen.isForeground) return;
    keyboard.setRawMode(false);
    if (this.#options.marksPaste) this.#options.output.write(pasteOff);
  }

  /** Gives the open question what was typed, up to the end of its line. */
  #feed(): void {
    const question = this.#open;
    if (question === undefined || question.hasLine) return;
    const { keys, rest, hasLine, isPasting } = nextLine(this.#typed, this.#isPasting);
    this.#typed = rest;
    this.#isPasting = isPasting;
    question.hasLine = hasLine;
    if (keys !== "") question.keys.write(keys);
    if (this.#hasEnded) question.keys.end();
  }
}
