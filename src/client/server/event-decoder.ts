import { createParser } from "eventsource-parser";
import { ProtocolError } from "../errors/protocol-error.js";
import { maxMessageBytes } from "../http/request.js";

/** One event of the stream: the text of its `data`, and its number if the server sent one. */
export interface EventMessage {
  data: string;
  id: number | undefined;
}

/**
 * Decodes the bytes of one connection into events. A new connection needs a new decoder: half a character, half a line
 * or half an event is lost with its connection.
 */
export class EventDecoder {
  /** The last `retry:` of this connection, in ms. */
  retryMs: number | undefined;
  /** How many comments have arrived, such as the server's keep-alives. */
  comments = 0;

  readonly #utf8 = new TextDecoder("utf-8");
  readonly #parser;
  #messages: EventMessage[] = [];
  /** The start of the incomplete block; empty between two blocks. */
  #openBlock = "";
  #endsWithCarriageReturn = false;

  constructor() {
    this.#parser = createParser({
      maxBufferSize: maxMessageBytes,
      onEvent: ({ event, data, id }) => {
        // The server names its numbered events "smithers". Skip other names, and events without data such as a proxy's
        // ping.
        if (data === "" || (event !== undefined && event !== "smithers")) return;
        if (data.length > maxMessageBytes) throw oversized();
        this.#messages.push({ data, id: id !== undefined && /^\d{1,15}$/.test(id) ? Number(id) : undefined });
      },
      onRetry: (ms) => {
        this.retryMs = ms;
      },
      onComment: () => {
        this.comments++;
      },
      onError: ({ type }) => {
        if (type === "max-buffer-size-exceeded") throw oversized();
      },
    });
  }

  /** Whether an event has begun and is not complete: if the connection ends now, the event is cut off. */
  get isMidEvent(): boolean {
    return this.#openBlock !== "" && !/^(:|retry:)/.test(this.#openBlock);
  }

  /**
   * Returns the events that this chunk completes.
   *
   * @throws {ProtocolError} for an event over the size limit
   */
  push(chunk: Uint8Array): EventMessage[] {
    this.#messages = [];
    const text = this.#withPlainLineEnds(this.#utf8.decode(chunk, { stream: true }));
    if (text !== "") {
      this.#parser.feed(text);
      this.#trackBlock(text);
    }
    return this.#messages;
  }

  /**
   * Converts CRLF and CR to LF, even if a pair is split between two chunks: the parser would hold back an event after a
   * CR.
   */
  #withPlainLineEnds(text: string): string {
    const rest = this.#endsWithCarriageReturn && text.startsWith("\n") ? text.slice(1) : text;
    if (text !== "") this.#endsWithCarriageReturn = text.endsWith("\r");
    return rest.includes("\r") ? rest.replace(/\r\n?/g, "\n") : rest;
  }

  #trackBlock(text: string): void {
    const blocks = this.#openBlock + text;
    const end = blocks.lastIndexOf("\n\n");
    const open = end === -1 ? blocks : blocks.slice(end + 2);
    // The start of the block tells its kind, and its last character whether a line break ends it.
    this.#openBlock = open.length > 16 ? open.slice(0, 15) + open.slice(-1) : open;
  }
}

function oversized(): ProtocolError {
  return new ProtocolError(`an event of the stream is over ${maxMessageBytes} bytes`);
}
