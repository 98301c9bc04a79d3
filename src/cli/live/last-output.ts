import { nodeKey, type SmithersEvent } from "../../client/index.js";
import { keyOf, stateOfEndEvent } from "../describe/event-lines.js";
import { copyOf, escapeOutput } from "../terminal/escape-controls.js";

/** How much of a line to keep; no window is wider. In UTF-16 code units. */
const maxLength = 1000;

/** Keeps the last line of each executing node, even while it has no line ending. */
export class LastOutput {
  /** By node, then by stream. */
  readonly #texts = new Map<string, Map<string, string>>();

  push(event: SmithersEvent): void {
    const key = keyOf(event);
    if (key === undefined) return;
    if (event.type === "NodeStarted" || stateOfEndEvent.has(event.type)) this.#texts.delete(key);
    const { text, stream } = event as Record<string, unknown>;
    if (event.type !== "NodeOutput" || typeof text !== "string") return;
    const texts = this.#texts.get(key) ?? new Map<string, string>();
    const before = texts.get(String(stream)) ?? "";
    // Move the stream that printed last to the end.
    texts.delete(String(stream));
    texts.set(String(stream), copyOf((before + text.slice(-maxLength)).slice(-maxLength)));
    this.#texts.set(key, texts);
  }

  /** Returns the node's last line that is not blank, without colors; empty if there is none. */
  of({ nodeId, iteration }: { nodeId: string; iteration: number }): string {
    const texts = [...(this.#texts.get(nodeKey(nodeId, iteration))?.values() ?? [])];
    const line = texts.at(-1)?.trimEnd().split("\n").at(-1) ?? "";
    return escapeOutput(line.trim(), false).replaceAll("\t", " ");
  }
}
