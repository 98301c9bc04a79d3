import { createParser } from "eventsource-parser";
import { messageLimit } from "./exchange.js";
import { OutputBlocks } from "./output-blocks.js";

/** One event of the stream: the text of its `data`, and its number where the server sends one. */
export interface EventMessage {
  data: string;
  id: number | undefined;
}

/** Thrown for an event over the size limit. */
export class OversizedEvent extends Error {}

const lineFeed = 10;
const carriageReturn = 13;

/** The most bytes that are kept for the next unfinished line, once one is complete. */
const keptSize = 64 * 1024;

/**
 * Turns the bytes of one connection into events. A new connection takes a new decoder: half a character, half a line
 * or half an event dies with the connection it came over.
 *
 * Only whole lines are decoded and parsed: a line that comes in many chunks costs time in proportion to its size, and
 * nothing needs `TextDecoder`'s streaming mode, which takes six times as long and makes strings twice as large.
 */
export class EventDecoder {
  /** The last `retry:` of this connection, in milliseconds. */
  retryMs: number | undefined;

  readonly #utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #parser;
  #messages: (EventMessage | OutputBlocks)[] = [];
  /** The bytes of a line that is not complete yet, and how many of them there are. */
  #line = new Uint8Array(0);
  #lineSize = 0;
  /** How much of a block whose empty line has not come yet the parser holds, in characters. */
  #blockSize = 0;
  #isFirst = true;
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
    return this.#lineSize > 0 || this.#blockSize > 0;
  }

  /**
   * The events that this chunk completes.
   *
   * @throws {OversizedEvent}
   */
  push(chunk: Uint8Array): EventMessage[];
  /** The same, with events of output left together where they can be. */
  push(chunk: Uint8Array, keepsOutput: boolean): (EventMessage | OutputBlocks)[];
  push(chunk: Uint8Array, keepsOutput = false): (EventMessage | OutputBlocks)[] {
    const end = endOfLastLine(chunk);
    this.#messages = [];
    if (end > 0) {
      const lines = this.#withPlainLineEnds(this.#wholeLines(chunk.subarray(0, end)));
      if (keepsOutput) this.#parseBetweenOutput(lines);
      else this.#parse(lines);
    }
    if (end < chunk.length) this.#hold(chunk.subarray(end));
    if (this.#lineSize + this.#blockSize > messageLimit) throw new OversizedEvent();
    return this.#messages;
  }

  /** Takes the blocks of output as they are, and parses the others one by one. */
  #parseBetweenOutput(lines: string): void {
    for (let at = 0; at < lines.length;) {
      const output = this.#blockSize === 0 ? OutputBlocks.at(at, lines) : undefined;
      if (output !== undefined) this.#messages.push(output);
      const start = output?.end ?? at;
      at = endOfBlock(lines, start);
      this.#parse(lines.slice(start, at));
    }
  }

  #parse(lines: string): void {
    if (lines === "") return;
    this.#parser.feed(lines);
    const end = endOfLastBlock(lines);
    this.#blockSize = end === 0 ? this.#blockSize + lines.length : lines.length - end;
  }

  /** The text of the held bytes and these, which end a line. */
  #wholeLines(bytes: Uint8Array): string {
    let text: string;
    if (this.#lineSize === 0) {
      text = this.#utf8.decode(bytes);
    } else {
      this.#hold(bytes);
      text = this.#utf8.decode(this.#line.subarray(0, this.#lineSize));
      this.#lineSize = 0;
      if (this.#line.length > keptSize) this.#line = new Uint8Array(0);
    }
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    return isFirst && text.startsWith("\ufeff") ? text.slice(1) : text;
  }

  /** Copies the bytes, since a chunk belongs to whoever made it. */
  #hold(bytes: Uint8Array): void {
    const size = this.#lineSize + bytes.length;
    if (size > this.#line.length) {
      const line = new Uint8Array(Math.max(size, 2 * this.#line.length, 1024));
      line.set(this.#line.subarray(0, this.#lineSize));
      this.#line = line;
    }
    this.#line.set(bytes, this.#lineSize);
    this.#lineSize = size;
  }

  /** CRLF and CR become LF, also where a pair is split between two chunks. */
  #withPlainLineEnds(text: string): string {
    const rest = this.#endsWithCarriageReturn && text.startsWith("\n") ? text.slice(1) : text;
    this.#endsWithCarriageReturn = text.endsWith("\r");
    return rest.includes("\r") ? rest.replace(/\r\n?/g, "\n") : rest;
  }
}

/** Where the chunk's last whole line ends; 0 for nowhere. No character holds either byte but the two themselves. */
function endOfLastLine(chunk: Uint8Array): number {
  const end = chunk.lastIndexOf(lineFeed) + 1;
  return end === chunk.length ? end : end + chunk.subarray(end).lastIndexOf(carriageReturn) + 1;
}

/** Where the block ends that goes on there: after its empty line, or with the text. */
function endOfBlock(lines: string, start: number): number {
  if (lines.startsWith("\n", start)) return start + 1;
  const end = lines.indexOf("\n\n", start);
  return end === -1 ? lines.length : end + 2;
}

/** Where the last empty line of these whole lines ends; 0 for nowhere. */
function endOfLastBlock(lines: string): number {
  const inside = lines.lastIndexOf("\n\n");
  if (inside !== -1) return inside + 2;
  return lines.startsWith("\n") ? 1 : 0;
}
