import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";
import { waitUntil } from "../wait-until.js";
import { binary, cleanEnvironment } from "./run-cli.js";

const run = promisify(execFile);

export interface TerminalOptions {
  columns?: number;
  rows?: number;
  baseUrl?: string;
  env?: Record<string, string>;
}

/** The built binary in a real terminal: tmux, whose screen can be read. */
export class Terminal {
  readonly #socket: string;
  readonly #folder: string;

  private constructor(socket: string, folder: string) {
    this.#socket = socket;
    this.#folder = folder;
  }

  static async start(args: readonly string[], options: TerminalOptions = {}): Promise<Terminal> {
    const { columns = 80, rows = 24, baseUrl = inject("baseUrl"), env } = options;
    const folder = await mkdtemp(join(tmpdir(), "smithers-terminal-"));
    const terminal = new Terminal(`smithers-${folder.slice(-6)}`, folder);
    const settings = { SMITHERS_BASE_URL: baseUrl, LC_ALL: "C.UTF-8", ...env };
    const words = ["env", ...Object.entries(settings).map(([name, value]) => `${name}=${value}`)];
    const command = [...words, process.execPath, binary, ...args].map(quoted).join(" ");
    // The shell around it notes how it ends, and keeps the terminal open to be read.
    const inner = `echo $$ > ${quoted(terminal.#file("pid"))}; exec ${command}`;
    const outer = `trap : INT; sh -c ${quoted(inner)}; echo $? > ${quoted(terminal.#file("ended"))}; exec sleep 600`;
    const size = ["-x", String(columns), "-y", String(rows)];
    // What the program writes is recorded from its first byte on.
    await terminal.#tmux(
      ...["new-session", "-d", ...size, "sleep 600"],
      ...[";", "pipe-pane", `cat > ${quoted(terminal.#file("record"))}`],
      ...[";", "respawn-pane", "-k", outer],
    );
    return terminal;
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  async #tmux(...args: string[]): Promise<string> {
    const env = cleanEnvironment("", { LC_ALL: "C.UTF-8", TERM: "xterm-256color" });
    const { stdout } = await run("tmux", ["-L", this.#socket, "-f", "/dev/null", ...args], { env });
    return stdout;
  }

  /** The lines on the screen, without the empty ones at its end. */
  async screen(): Promise<string[]> {
    return (await this.#tmux("capture-pane", "-p")).trimEnd().split("\n");
  }

  /** As {@link screen}, with what has scrolled away; lines that were wrapped are whole. */
  async scrollback(): Promise<string[]> {
    const text = await this.#tmux("capture-pane", "-p", "-J", "-S", "-");
    return text
      .trimEnd()
      .split("\n")
      .map((line) => line.trimEnd());
  }

  /** All that the program has written. */
  record(): Promise<string> {
    return readFile(this.#file("record"), "utf8");
  }

  /** Whether the program has left the cursor to be seen. */
  async showsCursor(): Promise<boolean> {
    const record = await this.record();
    return record.lastIndexOf("\u001b[?25h") >= record.lastIndexOf("\u001b[?25l");
  }

  /** One of tmux's variables, such as `pane_title`. */
  async variable(name: string): Promise<string> {
    return (await this.#tmux("display-message", "-p", `#{${name}}`)).trimEnd();
  }

  /** Waits until the screen shows a text, and gives its lines. */
  async shows(what: RegExp | string): Promise<string[]> {
    let lines: string[] = [];
    const isShown = async () => {
      lines = await this.screen();
      const text = lines.join("\n");
      return typeof what === "string" ? text.includes(what) : what.test(text);
    };
    await waitUntil(isShown).catch(() => {
      throw new Error(`the screen does not show ${String(what)} but:\n${lines.join("\n")}`);
    });
    return lines;
  }

  async type(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    process.kill(Number(await readFile(this.#file("pid"), "utf8")), signal);
  }

  /** Waits for the program's end and gives its exit code. */
  async ended(): Promise<number> {
    return Number(await waitUntil(() => readFile(this.#file("ended"), "utf8").catch(() => "")));
  }

  async close(): Promise<void> {
    await this.#tmux("kill-server").catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
