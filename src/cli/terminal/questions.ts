import type { Interface } from "node:readline/promises";
import { PassThrough } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";
import { escapeKey, interruptKey, nextLine, pastedBreak, suspendKey } from "./next-line.js";
import type { Screen } from "./screen.js";

/** The part of a terminal's input, such as `process.stdin`, that questions need. */
type Keyboard = Pick<
  NodeJS.ReadStream,
  "on" | "pause" | "resume" | "setRawMode" | "readableEnded" | "destroyed"
>;

export interface QuestionOptions {
  /** Called once, when the keyboard is first needed. */
  keyboard(): Keyboard;
  output: NodeJS.WriteStream;
  screen: Screen;
  /** Whether the terminal can mark pastes. A terminal that cannot may show the sequence that turns this on. */
  marksPaste: boolean;
  /** What Ctrl-C and Ctrl-Z do. In raw mode, the terminal does not handle them itself. */
  interrupt(): void;
  suspend(): void;
}

/** The pause between two checks for whether this process is in the foreground again. In ms. */
const foregroundPollMs = 200;

/** Between these, a terminal marks pastes. */
const pasteOn = "\u001b[?2004h";
const pasteOff = "\u001b[?2004l";

/** How to ask a question. */
export interface QuestionRules {
  /**
   * Whether a key press opened the question. If so, Escape cancels it, with the same result as the end of the input,
   * and nothing that was typed ahead answers it. Default: false.
   */
  afterKey?: boolean;
}

/** Called with what was typed, as one read of the terminal returns it. */
export type KeyListener = (keys: string) => void;

interface OpenQuestion {
  lines: Interface;
  keys: PassThrough;
  hasLine: boolean;
  signal: AbortSignal;
  /** Cancels the question; `undefined` if Escape does not. */
  leave: (() => void) | undefined;
}

/** Asks a person at the terminal, one question at a time. What is typed ahead answers the questions that follow. */
export class Questions {
  readonly #options: QuestionOptions;
  readonly #decoder = new StringDecoder("utf8");
  #keyboard: Keyboard | undefined;
  /** What has been typed and not yet given to a question. */
  #typed = "";
  #isPasting = false;
  #hasEnded = false;
  #open: OpenQuestion | undefined;
  #listener: { onKeys: KeyListener; signal: AbortSignal } | undefined;

  constructor(options: QuestionOptions) {
    this.#options = options;
  }

  /**
   * Asks for one line, as soon as this process is in the foreground. Returns `undefined` if the input has ended or the
   * question was cancelled. A pasted answer may contain line breaks.
   *
   * @throws the signal's reason if it is aborted
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
    // Readline gets only the keys: it would change the terminal's modes even in the background.
    const keys = new PassThrough();
    const lines = createInterface({ input: keys, output, terminal: true, historySize: 0 });
    lines.on("SIGINT", interrupt).on("SIGTSTP", suspend);
    const ended = new Promise<undefined>((resolve) => lines.once("close", () => resolve(undefined)));
    // Do not pass the signal to readline, which would end the line on the screen and forget where the cursor was.
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
   * Passes on what is typed while no question is open, from the moment that this process is in the foreground until the
   * signal is aborted. Ctrl-C and Ctrl-Z work as usual.
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

  /** Returns the keyboard to the terminal before the process stops. */
  pause(): void {
    const isReading = this.#open !== undefined || this.#listener !== undefined;
    if (isReading && this.#keyboard !== undefined) this.#leaveKeys(this.#keyboard);
  }

  /** Continues the open question, and reading keys, once this process is in the foreground again. */
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
      // The question may have been aborted while the listener was not.
      if (this.#listener !== undefined && !this.#listener.signal.aborted) return this.resume();
      return;
    }
    // Another question waits for the foreground by itself.
    if (this.#open !== question && (this.#open !== undefined || this.#listener === undefined)) return;
    // The shell has changed the modes in the meantime, and Node does not set a mode again that it has set itself.
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
        // What is typed ahead waits for its question, but Ctrl-C works at once.
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

  /** Gives the open question what was typed, up to the end of the line. */
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
