import { nodeKey, type SmithersEvent } from "../../client/index.js";

/** A line that a node printed. */
export interface OutputLine {
  readonly nodeId: string;
  readonly iteration: number;
  /** As the node printed it, without the line ending. */
  readonly text: string;
}

/** A line that has no line ending yet. */
interface OpenLine extends OutputLine {
  text: string;
}

/** The longest line. The rest continues in the next one, so that no node can exhaust memory. In UTF-16 code units. */
const maxLength = 2 ** 20;

/** The events that end a node's attempt, and with it the line that it was printing. */
const attemptEnds: ReadonlySet<string> = new Set([
  "NodeFinished",
  "NodeFailed",
  "NodeCancelled",
  "NodeSkipped",
  "NodeRetrying",
]);
/** The events that end all attempts. */
const runEnds: ReadonlySet<string> = new Set([
  "RunFinished",
  "RunFailed",
  "RunCancelled",
  "RunContinuedAsNew",
  "RunStarted",
]);

/**
 * Assembles lines from the chunks that nodes print, separately for each node, attempt and stream. Chunks may break
 * anywhere.
 */
export class OutputLines {
  /** By node, then by attempt and stream. */
  readonly #open = new Map<string, Map<string, OpenLine>>();

  /** Returns the lines that the event completes. */
  push(event: SmithersEvent): OutputLine[] {
    if (runEnds.has(event.type)) return this.flush();
    const { nodeId, iteration, attempt, text, stream } = event as Record<string, unknown>;
    if (typeof nodeId !== "string") return [];
    const number = typeof iteration === "number" ? iteration : 0;
    const key = nodeKey(nodeId, number);
    if (attemptEnds.has(event.type)) {
      const open = this.#open.get(key);
      this.#open.delete(key);
      return [...(open?.values() ?? [])];
    }
    if (event.type !== "NodeOutput" || typeof text !== "string" || text === "") return [];
    const open = this.#open.get(key) ?? new Map<string, OpenLine>();
    const source = `${String(attempt)} ${String(stream)}`;
    const lines = linesOf(open.get(source)?.text ?? "", text).map((line) => ({
      ...{ nodeId, iteration: number, text: line },
    }));
    // The last line has no line ending.
    const rest = lines.pop() as OpenLine;
    if (rest.text === "") open.delete(source);
    else open.set(source, rest);
    if (open.size === 0) this.#open.delete(key);
    else this.#open.set(key, open);
    return lines;
  }

  /** Returns the lines that were printed without a line ending. */
  flush(): OutputLine[] {
    const lines = [...this.#open.values()].flatMap((open) => [...open.values()]);
    this.#open.clear();
    return lines;
  }
}

/**
 * Splits text that continues an open line into lines without line endings. The last element is what follows the last
 * line ending. Scans only the new text, because the open line may be much longer.
 */
function linesOf(begun: string, text: string): string[] {
  const lines = text.split("\n");
  lines[0] = begun + (lines[0] ?? "");
  return lines.flatMap((line, index, { length }) => {
    const pieces = line.length > maxLength ? piecesOf(line) : [line];
    // Drop the first half of a `\r\n`.
    if (index < length - 1) pieces.push((pieces.pop() as string).replace(/\r$/, ""));
    return pieces;
  });
}

/** Splits a long line into pieces, without splitting a surrogate pair. */
function piecesOf(line: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < line.length;) {
    const isSplit = /[\ud800-\udbff]/.test(line[from + maxLength - 1] ?? "");
    const end = from + maxLength - (isSplit ? 1 : 0);
    pieces.push(line.slice(from, end));
    from = end;
  }
  return pieces;
}
