import type { Interface } from "node:readline/promises";
import { columnsOf } from "./fit-width.js";
import type { Environment } from "../environment.js";

/** A stream that ends at a terminal, as Node has it. */
type TerminalStream = Pick<NodeJS.WriteStream, "columns" | "rows" | "write" | "cork" | "uncork">;

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
/** Between these a terminal that knows them shows nothing half done; others ignore them. */
const beginUpdate = "\u001b[?2026h";
const endUpdate = "\u001b[?2026l";
/** A line that is wider than we think is cut by the terminal then, instead of becoming two. */
const wrapOff = "\u001b[?7l";
const wrapOn = "\u001b[?7h";
const eraseLine = "\u001b[2K";

/**
 * The terminal's lower end, for all who write to it: a part that is drawn again and again, or else a line that says what
 * is waited for; below it the line of a question; and above both what stays. Whatever is written comes above, and what
 * was below stands below it again. In the background, where the terminal is another program's, only what stays is
 * written.
 */
export class Screen {
  readonly #env: Environment;
  /** Where the live part is drawn. */
  readonly #out: TerminalStream;
  readonly #isForeground: () => boolean;
  /** What is to be drawn. */
  #part: readonly string[] = [];
  #waiting: string | undefined;
  /** What is drawn, as long as it stands there. */
  #live: readonly string[] = [];
  /** The window's width when it was drawn. */
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

  /** Whether the terminal is this process's to draw on and to read from. */
  get isForeground(): boolean {
    return this.#isForeground();
  }

  /** 24 where the terminal does not say, or says 0. */
  get rows(): number {
    return this.#out.rows || 24;
  }

  /** 80 where the terminal does not say, or says 0. */
  get columns(): number {
    return this.#out.columns || 80;
  }

  /** Writes to one of the terminal's streams: whole lines come above, anything else moves nothing. */
  write(stream: TerminalStream, text: string): Promise<void> {
    if (!text.includes("\n") || (this.#live.length === 0 && this.#question === undefined))
      return put(stream, text);
    return this.#redraw(stream, (this.takeHeldBack?.() ?? "") + text);
  }

  /** Gives the lines that a live view holds back until its next drawing: they come before what is written meanwhile. */
  takeHeldBack: (() => string) | undefined;

  /** Draws the live part anew, below whole lines that stay. The lines of the live part are cut where they are too wide. */
  draw(lines: readonly string[], above = ""): Promise<void> {
    this.#part = lines;
    return this.#redraw(this.#out, above === "" ? undefined : above);
  }

  /** Says in one line what is waited for, wherever nothing else is drawn or asked; undefined for nothing any more. */
  wait(line: string | undefined): Promise<void> {
    this.#waiting = line;
    const isHidden = this.#part.length > 0 || this.#question !== undefined;
    if (isHidden || (line === undefined && this.#live.length === 0)) return Promise.resolve();
    return this.#redraw(this.#out, undefined);
  }

  /** Removes the live part and shows the cursor; to be called however things end. */
  async clear(): Promise<void> {
    this.#part = [];
    this.#waiting = undefined;
    if (this.#live.length > 0 || this.#isHidden) await this.#redraw(this.#out, "");
  }

  /** Takes all that is drawn and asked off the screen, before the process stops. */
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

  /** Puts the question back. */
  unpark(): void {
    this.#question ??= this.#parked;
    this.#parked = undefined;
    // It stands on a row of its own, wherever it was.
    if (this.#question !== undefined) (this.#question.lines as { prevRows?: number }).prevRows = 0;
    this.#redraw(this.#out, "", 0).catch(ignore);
  }

  /** What was drawn and asked does not stand where it was any more: another program has written there. */
  forget(): void {
    this.#live = [];
    this.#parked ??= this.#question;
    this.#question = undefined;
  }

  /** A question is being asked on the line below; its answer is read by the interface given. */
  ask(prompt: string, lines: Interface): void {
    // What is waited for gives way to it.
    this.#question = { prompt, lines };
    if (this.#lines().length < this.#live.length) {
      put(this.#out, eraseUp(this.#liveRows())).catch(ignore);
      this.#live = [];
    }
    if (this.#isHidden) put(this.#out, showCursor).catch(ignore);
    this.#isHidden = false;
  }

  /**
   * The question has ended: by an answer, which stays above; by the end of the input; or because none is needed any more,
   * and then nothing of it stays. To be called before its interface is closed.
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

  /** What is to stand on the screen above a question. */
  #lines(): readonly string[] {
    if (this.#part.length > 0) return this.#part;
    return this.#waiting === undefined || this.#question !== undefined ? [] : [this.#waiting];
  }

  /** Goes to the last row of the question, where there is one, and says how many rows below the live part that is. */
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
   * @param above whole lines that are to stay; undefined where what is drawn may be drawn over
   * @param down how many rows below the live part the cursor is
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

    // It goes up by as many rows as it thinks the cursor is below its first, which after a resize is not so any more.
    const { prevRows = 0 } = question as { prevRows?: number };
    stream.cork();
    const written = put(stream, `${update}${"\n".repeat(prevRows)}`);
    question.prompt(true);
    stream.write(endUpdate);
    stream.uncork();
    return written;
  }

  /** Another program draws here now: nothing is erased, and what was drawn is not ours any more. */
  #writeInBackground(stream: TerminalStream, text: string): Promise<void> {
    this.forget();
    const cursor = this.#isHidden ? showCursor : "";
    this.#isHidden = false;
    return cursor + text === "" ? Promise.resolve() : put(stream, cursor + text);
  }

  /** How many rows the live part takes now: a window that became narrower may have wrapped its lines. */
  #liveRows(): number {
    const { columns } = this;
    if (columns >= this.#columns || !this.#wraps()) return this.#live.length;
    return this.#live.reduce(
      (rows, line) => rows + Math.max(1, Math.ceil(Math.min(columnsOf(line), this.#columns) / columns)),
      0,
    );
  }

  /** Whether this terminal wraps anew what is on it when its width changes; few do not. */
  #wraps(): boolean {
    const { TERM = "", XTERM_VERSION, STY } = this.#env;
    return XTERM_VERSION === undefined && STY === undefined && !/^(linux|rxvt)/.test(TERM);
  }
}

function goUp(rows: number): string {
  return rows === 0 ? "\r" : `\r\u001b[${rows}A`;
}

/** Erases the cursor's row and as many above it, and goes to the first of them. */
function eraseUp(rows: number): string {
  // Erasing the screen from the cursor on would be shorter; at its upper left corner tmux scrolls it away instead.
  return `${goUp(rows)}${eraseLine}${`\u001b[B${eraseLine}`.repeat(rows)}${goUp(rows)}`;
}

/** A terminal that has gone is no reason to stop; a signal comes with it. */
function ignore(): void {}

function put(stream: TerminalStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
