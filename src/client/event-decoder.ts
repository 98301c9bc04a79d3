import { createParser } from "eventsource-parser";
import { messageLimit } from "./exchange.js";

/** One event of the stream: the text of its `data`, and its number where the server sends one. */
export interface EventMessage {
  data: string;
  id: number | undefined;
}

/** Thrown for an event over the size limit. */
export class OversizedEvent extends Error {}

/**
 * Turns the bytes of one connection into events. A new connection takes a new decoder: half a character, half a line
 * or half an event dies with the connection it came over.
 *
 * Only whole blocks go to the parser, which keeps a large event that comes in small chunks linear in its size.
 */
export class EventDecoder {
  /** The last `retry:` of this connection, in milliseconds. */
  retryMs: number | undefined;

  readonly #utf8 = new TextDecoder();
  readonly #parser;
  #messages: EventMessage[] = [];
  /** Pieces of a block that is not complete yet. */
  #tail: string[] = [];
  #tailSize = 0;
  #endsWithCarriageReturn = false;

  constructor() {
    this.#parser = createParser({
      onEvent: ({ event, data, id }) => {
        // The server names its events "smithers"; other names are not its numbered ones.
        if (event !== undefined && event !== "" && event !== "smithers") return;
        if (data.length > messageLimit) throw new OversizedEvent();
        this.#messages.push({ data, id: id !== undefined && /^\d{1,15}$/.test(id) ? Number(id) : undefined });
      },
      onRetry: (ms) => {
        this.retryMs = ms;
      },
    });
  }

  /** Whether bytes of an unfinished event are held: a connection that ends now has cut it off. */
  get isMidEvent(): boolean {
    return this.#tailSize > 0;
  }

  /**
   * The events that this chunk completes.
   *
   * @throws {OversizedEvent}
   */
  push(chunk: Uint8Array): EventMessage[] {
    const text = this.#withPlainLineEnds(this.#utf8.decode(chunk, { stream: true }));
    const end = this.#endOfLastBlock(text);
    if (end === 0) {
      this.#hold(text);
      return [];
    }
    const blocks = this.#tail.join("") + text.slice(0, end);
    this.#tail = [];
    this.#tailSize = 0;
    this.#hold(text.slice(end));
    this.#messages = [];
    this.#parser.feed(blocks);
    return this.#messages;
  }

  #hold(text: string): void {
    if (text === "") return;
    this.#tail.push(text);
    this.#tailSize += text.length;
    if (this.#tailSize > messageLimit) throw new OversizedEvent();
  }

  /** CRLF and CR become LF, also where a pair is split between two chunks. */
  #withPlainLineEnds(text: string): string {
    if (text === "") return text;
    const rest = this.#endsWithCarriageReturn && text.startsWith("\n") ? text.slice(1) : text;
    this.#endsWithCarriageReturn = text.endsWith("\r");
    return rest.includes("\r") ? rest.replace(/\r\n?/g, "\n") : rest;
  }

  /** Where the text's last empty line ends, counting a line end that the held part ended with; 0 for nowhere. */
  #endOfLastBlock(text: string): number {
    const inside = text.lastIndexOf("\n\n");
    if (inside !== -1) return inside + 2;
    const heldEndsLine = this.#tailSize === 0 || this.#tail.at(-1)?.endsWith("\n");
    return heldEndsLine && text.startsWith("\n") ? 1 : 0;
  }
}
