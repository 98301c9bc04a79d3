import type { Interface } from "node:readline/promises";
import { columnsOf } from "./fit-width.js";
import type { Environment } from "../environment.js";

/** The part of Node's stream to a terminal that the screen needs. */
type TerminalStream = Pick<NodeJS.WriteStream, "columns" | "rows" | "write" | "cork" | "uncork">;

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
/** Between these, a terminal that knows them shows no partial update; others ignore them. */
const beginUpdate = "\u001b[?2026h";
const endUpdate = "\u001b[?2026l";
/** With wrapping off, the terminal cuts a line that is wider than computed, instead of wrapping it. */
const wrapOff = "\u001b[?7l";
const wrapOn = "\u001b[?7h";
const eraseLine = "\u001b[2K";

/**
 * The bottom of the terminal, shared by everything that writes to it: a live region that is redrawn, or else a line
 * that says what the command is waiting for; below it, the line of a question; and above both, permanent text. Whatever
 * is written goes above, and the rest is redrawn below it. In the background, when the terminal belongs to another
 * program, only permanent text is written.
 */
export class Screen {
  readonly #env: Environment;
  /** Where to draw the live region. */
  readonly #out: TerminalStream;
  readonly #isForeground: () => boolean;
  /** The live region to draw. */
  #part: readonly string[] = [];
  #waiting: string | undefined;
  /** The lines that are on the screen now. */
  #live: readonly string[] = [];
  /** The window's width when they were drawn. */
  #columns = 0;
  #question: { prompt: string; lines: Interface } | undefined;
  /** A question that is off the screen while the process is stopped or in the background. */
  #parked: { prompt: string; lines: Interface } | undefined;
  #isHidden = false;

  constructor(out: TerminalStream, env: Environment, isForeground: () => boolean = () => true) {
    this.#out = out;
    this.#env = env;
    this.#isForeground = isForeground;
  }

  /** Whether this process may draw on the terminal and read from it. */
  get isForeground(): boolean {
    return this.#isForeground();
  }

  /** The window's height in rows; 24 if the terminal does not say, or says 0. */
  get rows(): number {
    return this.#out.rows || 24;
  }

  /** The window's width in columns; 80 if the terminal does not say, or says 0. */
  get columns(): number {
    return this.#out.columns || 80;
  }

  /**
   * Writes to one of the terminal's streams. Complete lines go above the live region; text without a line break moves
   * nothing.
   */
  write(stream: TerminalStream, text: string): Promise<void> {
    if (!text.includes("\n") || (this.#live.length === 0 && this.#question === undefined))
      return put(stream, text);
    return this.#redraw(stream, (this.takeHeldBack?.() ?? "") + text);
  }

  /**
   * Returns the lines that a live view holds back until its next redraw, to write them before other text in the
   * meantime.
   */
  takeHeldBack: (() => string) | undefined;

  /**
   * Redraws the live region, below complete lines that stay. The terminal cuts lines of the live region that are too
   * wide.
   */
  draw(lines: readonly string[], above = ""): Promise<void> {
    this.#part = lines;
    return this.#redraw(this.#out, above === "" ? undefined : above);
  }

  /**
   * Shows in one line what the command is waiting for, unless something else is drawn or asked. `undefined` removes it.
   */
  wait(line: string | undefined): Promise<void> {
    this.#waiting = line;
    const isHidden = this.#part.length > 0 || this.#question !== undefined;
    if (isHidden || (line === undefined && this.#live.length === 0)) return Promise.resolve();
    return this.#redraw(this.#out, undefined);
  }

  /** Removes the live region and shows the cursor. Must be called even after an error. */
  async clear(): Promise<void> {
    this.#part = [];
    this.#waiting = undefined;
    if (this.#live.length > 0 || this.#isHidden) await this.#redraw(this.#out, "");
  }

  /** Removes everything that is drawn and asked from the screen, before the process stops. */
  park(): void {
    const [question, part, waiting] = [this.#question, this.#part, this.#waiting];
    const down = this.#rowsToErase();
    this.#question = undefined;
    this.#part = [];
    this.#waiting = undefined;
    if (this.#live.length > 0 || this.#isHidden || question !== undefined)
      this.#redraw(this.#out, "", down).catch(ignore);
    this.#part = part;
    this.#waiting = waiting;
    this.#parked = question ?? this.#parked;
  }

  /** Puts the question back on the screen. */
  unpark(): void {
    this.#question ??= this.#parked;
    this.#parked = undefined;
    // It starts on a row of its own, wherever it was before.
    if (this.#question !== undefined) (this.#question.lines as { prevRows?: number }).prevRows = 0;
    this.#redraw(this.#out, "", 0).catch(ignore);
  }

  /** Forgets what was drawn and asked, because another program has written over it. */
  forget(): void {
    this.#live = [];
    this.#parked ??= this.#question;
    this.#question = undefined;
  }

  /** Shows a question on the line below. The interface given reads its answer. */
  ask(prompt: string, lines: Interface): void {
    // The line about what the command is waiting for gives way to the question.
    this.#question = { prompt, lines };
    if (this.#lines().length < this.#live.length) {
      put(this.#out, eraseUp(this.#liveRows())).catch(ignore);
      this.#live = [];
    }
    if (this.#isHidden) put(this.#out, showCursor).catch(ignore);
    this.#isHidden = false;
  }

  /**
   * Ends the question: with an answer, which stays above; at the end of the input; or because no answer is needed
   * anymore, in which case nothing of it stays. Must be called before its interface is closed.
   */
  answered(answer: string | undefined, isNeeded: boolean): void {
    this.#parked = undefined;
    if (this.#question === undefined) return;
    const { prompt, lines } = this.#question;
    const down = answer === undefined ? this.#rowsToErase() : this.#rowsOf(prompt + answer);
    this.#question = undefined;
    if (isNeeded && answer !== undefined && this.#live.length === 0) return;
    const above = isNeeded ? `${prompt}${answer ?? lines.line}\n` : "";
    this.#redraw(this.#out, above, down).catch(ignore);
  }

  /** Returns the lines to show above a question. */
  #lines(): readonly string[] {
    if (this.#part.length > 0) return this.#part;
    return this.#waiting === undefined || this.#question !== undefined ? [] : [this.#waiting];
  }

  /**
   * Moves to the last row of the question, if there is one, and returns how many rows below the live region that is.
   */
  #rowsToErase(): number {
    if (this.#question === undefined || !this.isForeground) return 0;
    const { prompt, lines } = this.#question;
    const { rows: row } = lines.getCursorPos();
    const last = Math.max(row, this.#rowsOf(prompt + lines.line) - 1);
    if (last > row) put(this.#out, `\u001b[${last - row}B`).catch(ignore);
    return last;
  }

  #rowsOf(text: string): number {
    return Math.max(1, Math.ceil(columnsOf(text) / this.columns));
  }

  /**
   * @param above complete lines that stay; `undefined` if the live region may be redrawn in place
   * @param down how many rows below the live region the cursor is
   */
  #redraw(
    stream: TerminalStream,
    above: string | undefined,
    down = this.#question?.lines.getCursorPos().rows ?? 0,
  ): Promise<void> {
    if (!this.isForeground) return this.#writeInBackground(stream, above ?? "");
    const old = this.#live;
    const lines = this.#lines();
    const isSameSize = lines.length === old.length && this.#columns === this.columns;
    const rows = this.#liveRows() + down;
    const start =
      above === undefined && isSameSize
        ? goUp(rows) +
          wrapOff +
          lines.map((line, row) => (line === old[row] ? "\n" : `${eraseLine}${line}\r\n`)).join("")
        : eraseUp(rows) + (above ?? "") + wrapOff + lines.map((line) => `${line}\r\n`).join("");
    this.#live = lines;
    this.#columns = this.columns;
    const question = this.#question?.lines;
    const hides = lines.length > 0 && question === undefined;
    const cursor = hides === this.#isHidden ? "" : hides ? hideCursor : showCursor;
    this.#isHidden = hides;
    const update = `${beginUpdate}${cursor}${start}${wrapOn}`;
    if (question === undefined) return put(stream, `${update}${endUpdate}`);

    // Readline goes up by as many rows as it remembers the cursor to be below its first, which is wrong after a resize.
    const { prevRows = 0 } = question as { prevRows?: number };
    stream.cork();
    const written = put(stream, `${update}${"\n".repeat(prevRows)}`);
    question.prompt(true);
    stream.write(endUpdate);
    stream.uncork();
    return written;
  }

  /** Writes while another program draws here: erases nothing, and forgets what was drawn. */
  #writeInBackground(stream: TerminalStream, text: string): Promise<void> {
    this.forget();
    const cursor = this.#isHidden ? showCursor : "";
    this.#isHidden = false;
    return cursor + text === "" ? Promise.resolve() : put(stream, cursor + text);
  }

  /** Returns how many rows the live region takes now. A window that became narrower may have wrapped its lines. */
  #liveRows(): number {
    const { columns } = this;
    if (columns >= this.#columns || !this.#wraps()) return this.#live.length;
    return this.#live.reduce(
      (rows, line) => rows + Math.max(1, Math.ceil(Math.min(columnsOf(line), this.#columns) / columns)),
      0,
    );
  }

  /** Whether this terminal rewraps what is on the screen when its width changes. Most do. */
  #wraps(): boolean {
    const { TERM = "", XTERM_VERSION, STY } = this.#env;
    return XTERM_VERSION === undefined && STY === undefined && !/^(linux|rxvt)/.test(TERM);
  }
}

function goUp(rows: number): string {
  return rows === 0 ? "\r" : `\r\u001b[${rows}A`;
}

/** Erases the cursor's row and `rows` rows above it, and moves to the first of them. */
function eraseUp(rows: number): string {
  // Erasing from the cursor to the end of the screen would be shorter, but in the upper left corner, tmux scrolls the
  // screen away instead.
  return `${goUp(rows)}${eraseLine}${`\u001b[B${eraseLine}`.repeat(rows)}${goUp(rows)}`;
}

/** Ignores a failed write: a terminal that is gone is no reason to stop, and a signal comes with that. */
function ignore(): void {}

function put(stream: TerminalStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
