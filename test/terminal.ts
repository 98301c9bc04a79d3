import { tmpdir } from "node:os";
import { spawn, type IPty } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { waitUntil } from "./wait-until.js";

export interface TerminalOptions {
  /** The complete environment of the program, except that `TERM` is `xterm-256color` unless given. */
  env: Record<string, string>;
  cwd?: string;
  /** Default: 100. With 0, the terminal reports no size, as a new one may, and shows 80 × 24. */
  columns?: number;
  /** Default: 30. */
  rows?: number;
}

const keys: Record<string, string> = { Enter: "\r", Tab: "\t", Escape: "\u001b", Left: "\u001b[D" };

/** A program in a real pseudo-terminal, and an emulator that shows what a person would see. */
export class Terminal {
  readonly #pty: IPty;
  readonly #emulator: xterm.Terminal;
  readonly #ended: Promise<number>;
  #title = "";
  #record = "";

  constructor([program = "", ...args]: readonly string[], options: TerminalOptions) {
    const { env, cwd = tmpdir(), columns = 100, rows = 30 } = options;
    const size = { cols: columns || 80, rows: rows || 24 };
    // Most terminals also rewrap the cursor's line when their width changes.
    const emulated = { ...size, allowProposedApi: true, scrollback: 10_000, reflowCursorLine: true };
    this.#emulator = new xterm.Terminal(emulated);
    this.#emulator.onTitleChange((title) => (this.#title = title));
    const whole = { TERM: "xterm-256color", ...env };
    const [file, words] =
      columns > 0 && rows > 0
        ? [program, args]
        : ["sh", ["-c", `stty cols ${columns} rows ${rows}; exec "$@"`, "sh", program, ...args]];
    this.#pty = spawn(file, words, { ...size, name: whole.TERM, cwd, env: whole });
    this.#pty.onData((data) => {
      this.#record += data;
      this.#emulator.write(data);
    });
    // The terminal answers a program's queries, such as which terminal it is.
    this.#emulator.onData((data) => this.#pty.write(data));
    this.#ended = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => resolve(signal ? 128 + signal : exitCode));
    });
  }

  /** The program's process, which leads its own session and process group. */
  get pid(): number {
    return this.#pty.pid;
  }

  /** Everything that the program has written. */
  get record(): string {
    return this.#record;
  }

  /** The title that programs have set. */
  get title(): string {
    return this.#title;
  }

  /** Whether the cursor is visible. */
  get showsCursor(): boolean {
    return this.#record.lastIndexOf("\u001b[?25h") >= this.#record.lastIndexOf("\u001b[?25l");
  }

  /** Types the text unchanged. */
  type(text: string): void {
    this.#pty.write(text);
  }

  /** Presses keys: `Enter`, `Tab`, `Escape`, `Left`, or a letter with Control, such as `C-u`. */
  press(...names: string[]): void {
    for (const name of names) {
      const [, letter] = /^C-([a-z])$/.exec(name) ?? [];
      const key = letter === undefined ? keys[name] : String.fromCharCode(letter.charCodeAt(0) - 96);
      if (key === undefined) throw new Error(`there is no key ${name}`);
      this.#pty.write(key);
    }
  }

  /** Pastes the text as a terminal does: marked as pasted if the program has asked for that. */
  paste(text: string): void {
    const typed = text.replaceAll("\n", "\r");
    const isMarked = this.#emulator.modes.bracketedPasteMode;
    this.#pty.write(isMarked ? `\u001b[200~${typed}\u001b[201~` : typed);
  }

  /** Resizes the window once everything that was written is on the screen. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#drawn();
    this.#emulator.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Returns the screen's current lines, without trailing blanks. */
  async screen(): Promise<string> {
    await this.#drawn();
    const { viewportY, length } = this.#emulator.buffer.active;
    return this.#lines(viewportY, length).join("\n").trimEnd();
  }

  /** Like {@link screen}, with the lines that have scrolled away. Wrapped lines are joined. */
  async scrollback(): Promise<string> {
    await this.#drawn();
    const buffer = this.#emulator.buffer.active;
    const whole: string[] = [];
    for (const [index, line] of this.#lines(0, buffer.length, false).entries()) {
      if (buffer.getLine(index)?.isWrapped) whole.push((whole.pop() ?? "") + line);
      else whole.push(line);
    }
    return whole
      .map((line) => line.trimEnd())
      .join("\n")
      .trimEnd();
  }

  /** Returns where the cursor is on the screen, from 0. */
  async cursor(): Promise<{ column: number; row: number }> {
    await this.#drawn();
    const { cursorX, cursorY } = this.#emulator.buffer.active;
    return { column: cursorX, row: cursorY };
  }

  /** Waits until the screen shows the expected text, and returns the screen. */
  async shows(expected: string | RegExp): Promise<string> {
    let screen = "";
    try {
      return await waitUntil(async () => {
        screen = await this.screen();
        const isShown = typeof expected === "string" ? screen.includes(expected) : expected.test(screen);
        return isShown ? screen : undefined;
      });
    } catch {
      throw new Error(`the terminal does not show ${expected} but:\n${screen}`);
    }
  }

  /** Waits for the program's end and returns its exit code, or 128 + the number of the signal that ended it. */
  ended(): Promise<number> {
    return this.#ended;
  }

  /** Closes the terminal, as with its window, and returns the exit code. */
  hangUp(): Promise<number> {
    (this.#pty as IPty & { destroy(): void }).destroy();
    return this.#ended;
  }

  /** Kills the program's process group and disposes of the terminal. */
  async close(): Promise<void> {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // It has already ended.
    }
    await this.#ended;
    this.#emulator.dispose();
  }

  /** Waits until everything that was written is on the screen. */
  #drawn(): Promise<void> {
    return new Promise((resolve) => this.#emulator.write("", resolve));
  }

  #lines(from: number, to: number, trims = true): string[] {
    const buffer = this.#emulator.buffer.active;
    return Array.from({ length: to - from }, (_, row) => {
      const text = buffer.getLine(from + row)?.translateToString(false) ?? "";
      return trims ? text.trimEnd() : text;
    });
  }
}
