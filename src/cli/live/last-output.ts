import { nodeKey, type SmithersEvent } from "../../client/index.js";
import { keyOf, stateOfEndEvent } from "../describe/event-lines.js";
import { copyOf, escapeOutput } from "../terminal/escape-controls.js";

/** No window is wider. In UTF-16 code units. */
const maxLength = 1000;

/** Knows the last line of each node that is executing, also while it has no end. */
export class LastOutput {
  /** By node, and then by stream. */
  readonly #texts = new Map<string, Map<string, string>>();

  push(event: SmithersEvent): void {
    const key = keyOf(event);
    if (key === undefined) return;
    if (event.type === "NodeStarted" || stateOfEndEvent.has(event.type)) this.#texts.delete(key);
    const { text, stream } = event as Record<string, unknown>;
    if (event.type !== "NodeOutput" || typeof text !== "string") return;
    const texts = this.#texts.get(key) ?? new Map<string, string>();
    const before = texts.get(String(stream)) ?? "";
    // What was printed last comes last.
    texts.delete(String(stream));
    texts.set(String(stream), copyOf((before + text.slice(-maxLength)).slice(-maxLength)));
    this.#texts.set(key, texts);
  }

  /** The node's last line that is not blank, without colours; empty if there is none. */
  of({ nodeId, iteration }: { nodeId: string; iteration: number }): string {
    const texts = [...(this.#texts.get(nodeKey(nodeId, iteration))?.values() ?? [])];
    const line = texts.at(-1)?.trimEnd().split("\n").at(-1) ?? "";
    return escapeOutput(line.trim(), false).replaceAll("\t", " ");
  }
}
