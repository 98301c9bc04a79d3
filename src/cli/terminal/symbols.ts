import type { Environment } from "../environment.js";

/**
 * The symbols to draw lines with. Each one, and each frame of the spinner, is one column wide; a tree's guides are
 * three.
 */
export interface Symbols {
  readonly done: string;
  readonly failed: string;
  readonly running: string;
  readonly waiting: string;
  readonly retrying: string;
  readonly cancelled: string;
  readonly skipped: string;
  readonly pending: string;
  /** Stands for several nodes. */
  readonly several: string;
  /** Between a container and the only container in it. */
  readonly within: string;
  /** Marks where a text was cut. */
  readonly cut: string;
  /** The parts of a progress bar. */
  readonly bar: string;
  readonly barRunning: string;
  readonly barRest: string;
  /** The parts of a timeline. */
  readonly spanExecuting: string;
  readonly spanQueued: string;
  readonly spanWaiting: string;
  /** Before a node of a tree, before the last one of its container, and on the lines in between. */
  readonly branch: string;
  readonly lastBranch: string;
  readonly trunk: string;
  readonly spinner: readonly string[];
}

const unicode: Symbols = {
  done: "✓",
  failed: "✗",
  running: "●",
  waiting: "◆",
  retrying: "↻",
  cancelled: "■",
  skipped: "-",
  pending: "·",
  several: "+",
  within: "›",
  cut: "…",
  bar: "━",
  barRunning: "╍",
  barRest: "─",
  spanExecuting: "█",
  spanQueued: "·",
  spanWaiting: "░",
  branch: "├─ ",
  lastBranch: "└─ ",
  trunk: "│  ",
  spinner: [..."⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"],
};

const ascii: Symbols = {
  done: "+",
  failed: "x",
  running: "*",
  waiting: "?",
  retrying: "~",
  cancelled: "!",
  skipped: "-",
  pending: ".",
  several: "&",
  within: ">",
  cut: "~",
  bar: "=",
  barRunning: "~",
  barRest: "-",
  spanExecuting: "#",
  spanQueued: ".",
  spanWaiting: "~",
  branch: "|- ",
  lastBranch: "`- ",
  trunk: "|  ",
  spinner: [..."|/-\\"],
};

/**
 * Returns the symbols that the locale can show. No locale means the C locale, except in Windows Terminal, which sets
 * none.
 */
export function symbolsFor(env: Environment): Symbols {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return /utf-?8/i.test(locale) || (locale === "" && env["WT_SESSION"]) ? unicode : ascii;
}
