import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { Terminal } from "../terminal.js";
import { waitUntil } from "../wait-until.js";
import { binary, cleanEnvironment } from "./run-cli.js";

export interface BinaryTerminalOptions {
  /** Default: 80. */
  columns?: number;
  /** Default: 24. */
  rows?: number;
  /** Default: the server that all tests share. */
  baseUrl?: string;
  env?: Record<string, string>;
}

/** The built binary in a real terminal, with what it writes and how it ends. */
export class BinaryTerminal {
  readonly terminal: Terminal;
  readonly #folder: string;

  private constructor(terminal: Terminal, folder: string) {
    this.terminal = terminal;
    this.#folder = folder;
  }

  static async start(args: readonly string[], options: BinaryTerminalOptions = {}): Promise<BinaryTerminal> {
    const { columns = 80, rows = 24, baseUrl = inject("baseUrl"), env } = options;
    const folder = await mkdtemp(join(tmpdir(), "smithers-binary-"));
    const command = [process.execPath, binary, ...args].map(quoted).join(" ");
    // The shell around it notes how it ends, and keeps the terminal open to be read.
    const inner = `echo $$ > ${folder}/pid; exec env ${Object.entries(env ?? {})
      .map(([name, value]) => quoted(`${name}=${value}`))
      .join(" ")} ${command}`;
    const outer = `trap : INT; sh -c ${quoted(inner)}; echo $? > ${folder}/ended; exec sleep 600`;
    const terminal = await Terminal.start(["sh", "-c", outer], {
      env: cleanEnvironment(baseUrl, { LC_ALL: "C.UTF-8" }),
      columns,
      rows,
      record: `${folder}/record`,
    });
    return new BinaryTerminal(terminal, folder);
  }

  /** The lines that stand on the screen once it shows what is looked for. */
  async shows(expected: string | RegExp): Promise<string[]> {
    return (await this.terminal.shows(expected)).split("\n");
  }

  /** All lines that it has left, wherever they have scrolled to. */
  async left(): Promise<string[]> {
    return (await this.terminal.scrollback()).split("\n");
  }

  /** All that the program has written. */
  record(): Promise<string> {
    return readFile(join(this.#folder, "record"), "utf8");
  }

  /** Whether the program has left the cursor to be seen. */
  async showsCursor(): Promise<boolean> {
    const record = await this.record();
    return record.lastIndexOf("\u001b[?25h") >= record.lastIndexOf("\u001b[?25l");
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    process.kill(Number(await readFile(join(this.#folder, "pid"), "utf8")), signal);
  }

  /** Waits for the program's end and gives its exit code. */
  async ended(): Promise<number> {
    return Number(await waitUntil(() => readFile(join(this.#folder, "ended"), "utf8").catch(() => "")));
  }

  async close(): Promise<void> {
    await this.terminal.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
