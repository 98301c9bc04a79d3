import type { Interface } from "node:readline/promises";
import { columnsOf } from "./fit-width.js";

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
 * The terminal's lower end, for all who write to it: a part that is drawn again and again, below it the line of a
 * question, and above both what stays. Whatever is written comes above, and what was below stands below it again.
 */
export class Screen {
  readonly #env: Readonly<Record<string, string | undefined>>;
  /** Where the live part is drawn. */
  readonly #out: TerminalStream;
  #live: readonly string[] = [];
  /** The window's width when it was drawn. */
  #columns = 0;
  #question: { prompt: string; lines: Interface } | undefined;
  #isHidden = false;

  constructor(out: TerminalStream, env: Readonly<Record<string, string | undefined>>) {
    this.#out = out;
    this.#env = env;
  }

  get rows(): number {
    return this.#out.rows || 24;
  }

  get columns(): number {
    return this.#out.columns || 80;
  }

  /** Writes to one of the terminal's streams: whole lines come above, anything else moves nothing. */
  write(stream: TerminalStream, text: string): Promise<void> {
    if (!text.includes("\n") || (this.#live.length === 0 && this.#question === undefined))
      return put(stream, text);
    return this.#redraw(stream, text, this.#live);
  }

  /** Draws the live part anew, below whole lines that stay. The lines of the live part are cut where they are too wide. */
  draw(lines: readonly string[], above = ""): Promise<void> {
    return this.#redraw(this.#out, above === "" ? undefined : above, lines);
  }

  /** Removes the live part and shows the cursor; to be called however things end. */
  async clear(): Promise<void> {
    if (this.#live.length > 0 || this.#isHidden) await this.#redraw(this.#out, "", []);
  }

  /** A question is being asked on the line below; its answer is read by the interface given. */
  ask(prompt: string, lines: Interface): void {
    if (this.#isHidden) put(this.#out, showCursor).catch(ignore);
    this.#isHidden = false;
    this.#question = { prompt, lines };
  }

  /**
   * The question has ended: by an answer, which stays above; by the end of the input; or because none is needed any more,
   * and then nothing of it stays. To be called before its interface is closed.
   */
  answered(answer: string | undefined, isNeeded: boolean): void {
    if (this.#question === undefined) return;
    const { prompt, lines } = this.#question;
    this.#question = undefined;
    if (isNeeded && answer !== undefined && this.#live.length === 0) return;
    // After an answer the cursor is below it, else somewhere in it.
    const rows = Math.max(1, Math.ceil(columnsOf(prompt + (answer ?? "")) / this.columns));
    const down = answer === undefined ? lines.getCursorPos().rows : rows;
    const above = isNeeded ? `${prompt}${answer ?? ""}\n` : "";
    this.#redraw(this.#out, above, this.#live, down).catch(ignore);
  }

  /**
   * @param above whole lines that are to stay; undefined where what is drawn may be drawn over
   * @param down how many rows below the live part the cursor is
   */
  #redraw(
    stream: TerminalStream,
    above: string | undefined,
    lines: readonly string[],
    down = this.#question?.lines.getCursorPos().rows ?? 0,
  ): Promise<void> {
    const old = this.#live;
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
