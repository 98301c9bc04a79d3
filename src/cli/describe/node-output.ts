import { nodeKey, type SmithersEvent } from "../../client/index.js";
import { copyOf, escapeOutput } from "../terminal/escape-controls.js";
import { OutputLines, type OutputLine } from "./output-lines.js";

/** How many lines of a node to show when it fails. */
const maxLines = 20;
/** How much of each of these lines to show. In UTF-16 code units. */
const maxLength = 2000;
/** The most nodes whose last lines are kept at the same time. */
const maxNodes = 1000;

/** The last lines of a node, escaped, and how many came before them. */
export interface LastLines {
  lines: string[];
  before: number;
}

/** Keeps the last lines of each executing node, to show them if it fails. */
export class NodeOutput {
  readonly #lines = new OutputLines();
  readonly #last = new Map<string, LastLines>();
  readonly #hasColor: boolean;

  constructor(hasColor: boolean) {
    this.#hasColor = hasColor;
  }

  /** Returns the lines that the event completes. */
  push(event: SmithersEvent): OutputLine[] {
    const lines = this.#lines.push(event);
    for (const line of lines) this.#keep(line);
    return lines;
  }

  /** Returns the lines that were printed without a line ending. */
  flush(): OutputLine[] {
    return this.#lines.flush();
  }

  /** Returns the node's last lines, and forgets them. */
  take(key: string): LastLines {
    const last = this.#last.get(key) ?? { lines: [], before: 0 };
    this.#last.delete(key);
    return last;
  }

  #keep(line: OutputLine): void {
    const key = nodeKey(line.nodeId, line.iteration);
    const last = this.#last.get(key) ?? { lines: [], before: 0 };
    if (!this.#last.has(key) && this.#last.size >= maxNodes) return;
    this.#last.set(key, last);
    last.lines.push(copyOf(shownOutput(line.text, this.#hasColor, maxLength)));
    if (last.lines.length <= maxLines) return;
    last.lines.shift();
    last.before++;
  }
}

/**
 * Escapes and truncates a line that a node printed, to show it among the CLI's own lines. Its colors stay if
 * `hasColor`.
 *
 * @param max in UTF-16 code units
 */
export function shownOutput(text: string, hasColor: boolean, max = 10_000): string {
  if (text.length <= max) return escapeOutput(text, hasColor);
  const shown = text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
  const left = (text.length - shown.length).toLocaleString("en");
  return `${escapeOutput(shown, hasColor)}… (${left} more characters; --json has all of it)`;
}
