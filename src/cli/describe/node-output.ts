import { nodeKey, type SmithersEvent } from "../../client/index.js";
import { copyOf, escapeOutput } from "../terminal/escape-controls.js";
import { OutputLines, type OutputLine } from "./output-lines.js";

/** How many lines of a node are shown when it fails. */
const maxLines = 20;
/** How much of each is shown then. In UTF-16 code units. */
const maxLength = 2000;
/** Of how many nodes at once the last lines are kept. */
const maxNodes = 1000;

/** The last lines of a node, safe to show, and how many came before them. */
export interface LastLines {
  lines: string[];
  before: number;
}

/** Keeps the last lines of each node that is executing, for the moment at which it fails. */
export class NodeOutput {
  readonly #lines = new OutputLines();
  readonly #last = new Map<string, LastLines>();
  readonly #hasColor: boolean;

  constructor(hasColor: boolean) {
    this.#hasColor = hasColor;
  }

  /** The lines that the event completes. */
  push(event: SmithersEvent): OutputLine[] {
    const lines = this.#lines.push(event);
    for (const line of lines) this.#keep(line);
    return lines;
  }

  /** What was printed and has no end. */
  flush(): OutputLine[] {
    return this.#lines.flush();
  }

  /** What the node has printed last; it is kept no longer. */
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
 * A line that a node printed, among lines of ours: it keeps its colours, and is cut if it is long.
 *
 * @param max in UTF-16 code units
 */
export function shownOutput(text: string, hasColor: boolean, max = 10_000): string {
  if (text.length <= max) return escapeOutput(text, hasColor);
  const shown = text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
  const left = (text.length - shown.length).toLocaleString("en");
  return `${escapeOutput(shown, hasColor)}… (${left} more characters; --json has all of it)`;
}
