import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { waitUntil } from "./wait-until.js";

export interface TerminalOptions {
  /** The whole environment of the program. */
  env: Record<string, string>;
  cwd?: string;
  /** Default: 100. */
  columns?: number;
  /** Default: 30. */
  rows?: number;
  /** A file for all that the program writes, from its first byte on. */
  record?: string;
}

/** A real terminal with a program in it: keys go in, and what a person would see comes out. */
export class Terminal {
  readonly #folder: string;
  readonly #tmux: (...args: string[]) => Promise<string>;

  private constructor(folder: string) {
    this.#folder = folder;
    // A server of its own, which ends with its last session and shares nothing with anybody's.
    this.#tmux = async (...args) =>
      (await execa("tmux", ["-S", join(folder, "tmux"), "-f", "/dev/null", ...args])).stdout;
  }

  static async start(command: readonly string[], options: TerminalOptions): Promise<Terminal> {
    const { env, cwd = tmpdir(), columns = 100, rows = 30, record } = options;
    const terminal = new Terminal(await mkdtemp(join(tmpdir(), "smithers-terminal-")));
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const program = ["env", "-i", ...variables, "TERM=screen-256color", ...command];
    const size = ["-x", String(columns), "-y", String(rows)];
    const session = ["new-session", "-d", ...size, "-c", cwd, "--"];
    if (record === undefined) await terminal.#tmux(...session, ...program);
    else {
      const recording = ["pipe-pane", `cat > ${record}`];
      await terminal.#tmux(
        ...session,
        "sleep 600",
        ";",
        ...recording,
        ";",
        "respawn-pane",
        "-k",
        "--",
        ...program,
      );
    }
    return terminal;
  }

  /** Types the text as it is. */
  async type(text: string): Promise<void> {
    // At the end of an argument tmux would take it for the end of its command.
    await this.#tmux("send-keys", "-l", "--", text.replace(/;$/, "\\;"));
  }

  /** Presses keys by tmux's names, such as `Tab`, `Enter` or `C-u`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", "--", ...keys);
  }

  /** The screen's lines as they stand, without what is blank at their ends. */
  async screen(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p")).trimEnd();
  }

  /** As {@link screen}, with what has scrolled away; lines that were wrapped are whole. */
  async scrollback(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p", "-J", "-S", "-")).replace(/ +$/gm, "").trimEnd();
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** The title that programs have given it. */
  async title(): Promise<string> {
    return this.#tmux("display-message", "-p", "#{pane_title}");
  }

  /** Waits until the screen shows it, and gives the screen. */
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

  async close(): Promise<void> {
    await this.#tmux("kill-server").catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
  }
}
