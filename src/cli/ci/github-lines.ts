import type { SmithersEvent } from "../../client/index.js";
import { EventLines, endsNode, keyOf } from "../follow/event-lines.js";
import { gateName } from "../follow/gate-name.js";
import type { LinePrinter } from "../follow/line-printer.js";
import type { Style } from "../terminal/style.js";
import { visibleText } from "../terminal/visible-text.js";
import { githubCommand, harmlessText } from "./github-command.js";

/** The most lines that are kept of one node's output; those before the last so many are counted. */
const outputLimit = 2000;

/**
 * The lines of a run for GitHub's log: as elsewhere, but that what ends a node is the title of a group in which its
 * output folds away. A group is written when its node ends, since groups cannot overlap and nodes can.
 */
export class GithubLines implements LinePrinter {
  readonly #lines: EventLines;
  readonly #open = new Map<string, NodeLog>();

  constructor(style: Style, startOf: () => number | null) {
    this.#lines = new EventLines(style, startOf);
  }

  print(event: SmithersEvent): string {
    const key = keyOf(event);
    const line = this.#lines.lineFor(event);
    if (key === undefined) return line === undefined ? "" : harmlessText(`${line}\n`);
    if (event.type === "NodeStarted") this.#open.set(key, new NodeLog(event as NodeName));
    const log = this.#open.get(key);
    if (log !== undefined && line !== undefined && endsNode.has(event.type)) {
      this.#open.delete(key);
      return log.group(line);
    }
    log?.add(event, line);
    return line === undefined ? "" : harmlessText(`${line}\n`);
  }

  end(): string {
    const groups = [...this.#open.values()].map((log) => log.group(`${gateName(log.node)} has not ended`));
    this.#open.clear();
    return groups.join("");
  }
}

type NodeName = Parameters<typeof gateName>[0];

/** What one node did and said. */
class NodeLog {
  readonly node: NodeName;
  #lines: string[] = [];
  #leftOut = 0;

  constructor(node: NodeName) {
    this.node = node;
  }

  add(event: SmithersEvent, line: string | undefined): void {
    const { text, toolName, status } = event as Record<string, unknown>;
    if (line !== undefined) this.#lines.push(line);
    // The mark keeps a line of the node's own from looking like one of ours.
    else if (event.type === "NodeOutput" && typeof text === "string")
      this.#lines.push(
        ...text
          .replace(/\r?\n$/, "")
          .split(/\r?\n/)
          .map((each) => `| ${visibleText(each)}`),
      );
    else if (event.type === "ToolCallStarted") this.#lines.push(`tool ${visibleText(String(toolName))}`);
    else if (event.type === "ToolCallFinished")
      this.#lines.push(`tool ${visibleText(String(toolName))}: ${visibleText(String(status))}`);
    if (this.#lines.length <= 2 * outputLimit) return;
    this.#leftOut += this.#lines.length - outputLimit;
    this.#lines = this.#lines.slice(-outputLimit);
  }

  group(title: string): string {
    const before = this.#leftOut === 0 ? "" : `(${this.#leftOut} lines before are left out)\n`;
    const body = harmlessText(`${before}${this.#lines.join("\n")}\n`);
    return `${githubCommand("group", title)}\n${body}${githubCommand("endgroup", "")}\n`;
  }
}
