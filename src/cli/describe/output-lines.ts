import { nodeKey, type SmithersEvent } from "../../client/index.js";

/** A line that a node has printed. */
export interface OutputLine {
  readonly nodeId: string;
  readonly iteration: number;
  /** As the node printed it, without its end. */
  readonly text: string;
}

/** A line that has no end yet. */
interface OpenLine extends OutputLine {
  text: string;
}

/** The longest line; what is longer goes on in the next one, so that no node can fill the memory. In UTF-16 code units. */
const maxLength = 2 ** 20;

/** What ends a node's attempt, and so the line that it was printing. */
const attemptEnds: ReadonlySet<string> = new Set([
  "NodeFinished",
  "NodeFailed",
  "NodeCancelled",
  "NodeSkipped",
  "NodeRetrying",
]);
/** What ends all attempts. */
const runEnds: ReadonlySet<string> = new Set([
  "RunFinished",
  "RunFailed",
  "RunCancelled",
  "RunContinuedAsNew",
  "RunStarted",
]);

/** Joins what nodes print, in chunks that break anywhere, to lines: those of each node, attempt and stream. */
export class OutputLines {
  /** By node, and then by attempt and stream. */
  readonly #open = new Map<string, Map<string, OpenLine>>();

  /** The lines that the event completes. */
  push(event: SmithersEvent): OutputLine[] {
    if (runEnds.has(event.type)) return this.flush();
    const { nodeId, iteration, attempt, text, stream } = event as Record<string, unknown>;
    if (typeof nodeId !== "string") return [];
    const turn = typeof iteration === "number" ? iteration : 0;
    const key = nodeKey(nodeId, turn);
    if (attemptEnds.has(event.type)) {
      const open = this.#open.get(key);
      this.#open.delete(key);
      return [...(open?.values() ?? [])];
    }
    if (event.type !== "NodeOutput" || typeof text !== "string" || text === "") return [];
    const open = this.#open.get(key) ?? new Map<string, OpenLine>();
    const source = `${String(attempt)} ${String(stream)}`;
    const lines = linesOf(open.get(source)?.text ?? "", text).map((line) => ({
      ...{ nodeId, iteration: turn, text: line },
    }));
    // The last one has no end.
    const rest = lines.pop() as OpenLine;
    if (rest.text === "") open.delete(source);
    else open.set(source, rest);
    if (open.size === 0) this.#open.delete(key);
    else this.#open.set(key, open);
    return lines;
  }

  /** What was printed and has no end. */
  flush(): OutputLine[] {
    const lines = [...this.#open.values()].flatMap((open) => [...open.values()]);
    this.#open.clear();
    return lines;
  }
}

/**
 * The lines of a text that goes on a line, without their ends; the last one is what comes after the last end. Only the
 * text is looked through: what is on the line already may be much longer.
 */
function linesOf(begun: string, text: string): string[] {
  const lines = text.split("\n");
  lines[0] = begun + (lines[0] ?? "");
  return lines.flatMap((line, index, { length }) => {
    const pieces = line.length > maxLength ? piecesOf(line) : [line];
    // The half of a line break that is to come.
    if (index < length - 1) pieces.push((pieces.pop() as string).replace(/\r$/, ""));
    return pieces;
  });
}

/** A long line in pieces, none of which ends in half a character. */
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
