import { nodeKey, type SmithersEvent } from "../../client/index.js";
import { EventLines, keyOf, stateOfEndEvent } from "../describe/event-lines.js";
import { approvalLabel, noLoops, type LoopNodes } from "../describe/approval-label.js";
import { shownOutput } from "../describe/node-output.js";
import { OutputLines, type OutputLine } from "../describe/output-lines.js";
import type { LinePrinter } from "../describe/line-printer.js";
import type { Style } from "../terminal/style.js";
import { copyOf, escapeControls } from "../terminal/escape-controls.js";
import { githubCommand, neutralizeCommands } from "./github-command.js";

/** How many lines to keep of one node's output: the newest ones. Dropped lines are counted. */
const maxLines = 2000;
/** How many bytes to keep of all nodes' output together, and of one node's. */
const maxBytes = { all: 32 * 1024 * 1024, node: 1024 * 1024 };

/**
 * Formats the lines of a run for GitHub's log. They are the same as elsewhere, except that the line that ends a node is
 * the title of a group that contains the node's output. A group is written when its node ends, because groups cannot
 * overlap and nodes can.
 */
export class GithubLines implements LinePrinter {
  readonly #style: Style;
  readonly #loops: LoopNodes;
  readonly #lines: EventLines;
  readonly #output = new OutputLines();
  readonly #open = new Map<string, NodeLog>();

  constructor(style: Style, startOf: () => number | null, loops = noLoops) {
    this.#style = style;
    this.#loops = loops;
    this.#lines = new EventLines(style, startOf, loops, "none");
  }

  print(event: SmithersEvent): string {
    const key = keyOf(event);
    const lines = this.#lines.linesFor(event);
    const text = neutralizeCommands(lines.map((line) => `${line}\n`).join(""));
    this.#addOutput(this.#output.push(event));
    if (key === undefined) return text;
    if (event.type === "NodeStarted") this.#open.set(key, new NodeLog(event));
    const log = this.#open.get(key);
    const [title, ...rest] = lines;
    if (log !== undefined && title !== undefined && stateOfEndEvent.has(event.type)) {
      this.#open.delete(key);
      // The lines of an error stay outside, so that they are visible without opening the group.
      return log.group(title) + neutralizeCommands(rest.map((line) => `${line}\n`).join(""));
    }
    log?.add(lines.length === 0 ? toolLines(event) : lines, this.#maxBytes);
    return text;
  }

  /** How many bytes to keep of one node's output, given the number of open nodes. */
  get #maxBytes(): number {
    return Math.min(maxBytes.node, Math.floor(maxBytes.all / this.#open.size));
  }

  #addOutput(lines: readonly OutputLine[]): void {
    for (const { nodeId, iteration, text } of lines) {
      // The mark keeps a line that the node printed from looking like one of ours.
      this.#open
        .get(nodeKey(nodeId, iteration))
        ?.add([copyOf(`| ${shownOutput(text, this.#style.hasColor)}`)], this.#maxBytes);
    }
  }

  end(): string {
    this.#addOutput(this.#output.flush());
    const groups = [...this.#open.values()].map((log) =>
      log.group(`${approvalLabel(log.node, this.#loops)} has not ended`),
    );
    this.#open.clear();
    return groups.join("");
  }
}

type NodeName = Parameters<typeof approvalLabel>[0];

/** What one node did and printed. */
class NodeLog {
  readonly node: NodeName;
  #lines: string[] = [];
  /** The length of all lines together. */
  #bytes = 0;
  #leftOut = 0;

  constructor(node: NodeName) {
    this.node = node;
  }

  /** Adds lines. Drops the oldest ones once there are twice as many lines as allowed, or twice `most` bytes. */
  add(lines: readonly string[], most: number): void {
    for (const added of lines) {
      this.#lines.push(added);
      this.#bytes += Buffer.byteLength(added);
      // Drops half each time, because dropping the first of many lines takes as long as dropping half of them.
      if (this.#lines.length > 2 * maxLines || this.#bytes > 2 * most) this.#trim(most);
    }
  }

  /** Drops the oldest lines until the rest is within the limits. */
  #trim(most: number): void {
    let from = Math.max(0, this.#lines.length - maxLines);
    let left = this.#lines.slice(from).reduce((sum, each) => sum + Buffer.byteLength(each), 0);
    for (; left > most && from < this.#lines.length - 1; from++)
      left -= Buffer.byteLength(this.#lines[from] ?? "");
    this.#leftOut += from;
    this.#lines = this.#lines.slice(from);
    this.#bytes = left;
  }

  group(title: string): string {
    const before = this.#leftOut === 0 ? "" : `(${this.#leftOut} earlier lines left out)\n`;
    const body = neutralizeCommands(`${before}${this.#lines.join("\n")}\n`);
    return `${githubCommand("group", title)}\n${body}${githubCommand("endgroup", "")}\n`;
  }
}

function toolLines(event: SmithersEvent): string[] {
  const { toolName, status } = event as Record<string, unknown>;
  switch (event.type) {
    case "ToolCallStarted":
      return [`tool ${escapeControls(String(toolName))}`];
    case "ToolCallFinished":
      return [`tool ${escapeControls(String(toolName))}: ${escapeControls(String(status))}`];
    default:
      return [];
  }
}
