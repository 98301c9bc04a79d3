import type { SmithersEvent } from "../../client/index.js";
import { EventLines, keyOf, stateOfEndEvent } from "../describe/event-lines.js";
import { approvalLabel, noLoops, type LoopNodes } from "../describe/approval-label.js";
import type { LinePrinter } from "../describe/line-printer.js";
import type { Style } from "../terminal/style.js";
import { copyOf, escapeControls } from "../terminal/escape-controls.js";
import { githubCommand, neutralizeCommands } from "./github-command.js";

/** The most lines that are kept of one node's output; those before the last so many are counted. */
const maxLines = 2000;
/** The most characters that are kept of all nodes' output together, and of one node's. */
const maxLength = { all: 32 * 1024 * 1024, node: 1024 * 1024 };

/**
 * The lines of a run for GitHub's log: as elsewhere, but that what ends a node is the title of a group in which its
 * output folds away. A group is written when its node ends, since groups cannot overlap and nodes can.
 */
export class GithubLines implements LinePrinter {
  readonly #loops: LoopNodes;
  readonly #lines: EventLines;
  readonly #open = new Map<string, NodeLog>();

  constructor(style: Style, startOf: () => number | null, loops = noLoops) {
    this.#loops = loops;
    this.#lines = new EventLines(style, startOf, loops);
  }

  print(event: SmithersEvent): string {
    const key = keyOf(event);
    const lines = this.#lines.linesFor(event);
    const text = neutralizeCommands(lines.map((line) => `${line}\n`).join(""));
    if (key === undefined) return text;
    if (event.type === "NodeStarted") this.#open.set(key, new NodeLog(event));
    const log = this.#open.get(key);
    const [title, ...rest] = lines;
    if (log !== undefined && title !== undefined && stateOfEndEvent.has(event.type)) {
      this.#open.delete(key);
      // The lines of an error stay outside, where nobody has to open a group to see them.
      return log.group(title) + neutralizeCommands(rest.map((line) => `${line}\n`).join(""));
    }
    log?.add(event, lines, Math.min(maxLength.node, Math.floor(maxLength.all / this.#open.size)));
    return text;
  }

  end(): string {
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
  /** Of the lines together, in characters. */
  #length = 0;
  #leftOut = 0;

  constructor(node: NodeName) {
    this.node = node;
  }

  /** Keeps what there is to say of the event, and of all of it no more than `most` characters for long. */
  add(event: SmithersEvent, lines: readonly string[], most: number): void {
    for (const added of lines.length === 0 ? linesFor(event) : lines) {
      this.#lines.push(added);
      this.#length += added.length;
      // By half each time, since to drop the first of many lines takes as long as to drop half of them.
      if (this.#lines.length > 2 * maxLines || this.#length > 2 * most) this.#trim(most);
    }
  }

  /** Drops the oldest lines until the rest is within the limits. */
  #trim(most: number): void {
    let from = Math.max(0, this.#lines.length - maxLines);
    let left = this.#lines.slice(from).reduce((sum, each) => sum + each.length, 0);
    for (; left > most && from < this.#lines.length - 1; from++) left -= this.#lines[from]?.length ?? 0;
    this.#leftOut += from;
    this.#lines = this.#lines.slice(from);
    this.#length = left;
  }

  group(title: string): string {
    const before = this.#leftOut === 0 ? "" : `(${this.#leftOut} lines before are left out)\n`;
    const body = neutralizeCommands(`${before}${this.#lines.join("\n")}\n`);
    return `${githubCommand("group", title)}\n${body}${githubCommand("endgroup", "")}\n`;
  }
}

function linesFor(event: SmithersEvent): string[] {
  const { text, toolName, status } = event as Record<string, unknown>;
  switch (event.type) {
    case "NodeOutput": {
      const lines = typeof text === "string" ? text.replace(/\r?\n$/, "").split(/\r?\n/) : [];
      // The mark keeps a line of the node's own from looking like one of ours.
      return lines.map((each) => copyOf(`| ${escapeControls(each)}`));
    }
    case "ToolCallStarted":
      return [`tool ${escapeControls(String(toolName))}`];
    case "ToolCallFinished":
      return [`tool ${escapeControls(String(toolName))}: ${escapeControls(String(status))}`];
    default:
      return [];
  }
}
