import type { Environment } from "../environment.js";

/** The marks that lines are drawn with; every one of them, and every spinner's picture, is one column wide. */
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
  /** Between a container and the one that is all it contains. */
  readonly within: string;
  /** Where a text was cut. */
  readonly cut: string;
  /** The parts of a progress bar. */
  readonly bar: string;
  readonly barRunning: string;
  readonly barRest: string;
  /** The parts of a timeline. */
  readonly spanExecuting: string;
  readonly spanQueued: string;
  readonly spanWaiting: string;
  /** Before a node of a tree, before the last one of its container, and on the lines between. */
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

/** What the locale can show; one that says nothing is the C locale, but for Windows' terminal, which sets none. */
export function symbolsFor(env: Environment): Symbols {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return /utf-?8/i.test(locale) || (locale === "" && env["WT_SESSION"]) ? unicode : ascii;
}
