import type { EventRecord } from "./event-record.js";
import { OutputBlocks } from "./output-blocks.js";
import { OutputRecord } from "./output-record.js";
import type { SmithersEvent } from "./smithers-event.js";

/** The events that came together, in order. Those of output are parted, and parsed, only for whoever asks. */
export class EventBatch implements Iterable<EventRecord> {
  readonly #parts: readonly (EventRecord | OutputBlocks)[];
  #telling: SmithersEvent[] | undefined;

  /** @internal */
  constructor(parts: readonly (EventRecord | OutputBlocks)[]) {
    this.#parts = parts;
  }

  /** How many events. */
  get length(): number {
    let length = 0;
    for (const part of this.#parts) length += part instanceof OutputBlocks ? part.count : 1;
    return length;
  }

  [Symbol.iterator](): IterableIterator<EventRecord> {
    const records: EventRecord[] = [];
    for (const part of this.#parts) {
      if (part instanceof OutputBlocks) records.push(...part.records);
      else records.push(part);
    }
    return records.values();
  }

  /** The events, parsed. */
  get events(): SmithersEvent[] {
    const events: SmithersEvent[] = [];
    for (const part of this.#parts) {
      if (part instanceof OutputBlocks) events.push(...part.events);
      else events.push(part.event);
    }
    return events;
  }

  /** The events that may change something about their run, and the last one, which tells the time. */
  get telling(): readonly SmithersEvent[] {
    if (this.#telling !== undefined) return this.#telling;
    this.#telling = [];
    const last = this.#parts.at(-1);
    for (const part of this.#parts) {
      if (part !== last && (part instanceof OutputBlocks || part instanceof OutputRecord)) continue;
      this.#telling.push((part instanceof OutputBlocks ? part.last : part).event);
    }
    return this.#telling;
  }

  /** The server's text of each event, on a line of its own. */
  get lines(): string {
    return this.#parts
      .map((part) => (part instanceof OutputBlocks ? part.lines : `${oneLine(part.data)}\n`))
      .join("");
  }
}

/** A line break in JSON text is only ever space between its parts. */
function oneLine(data: string): string {
  return data.includes("\n") ? data.replaceAll("\n", " ") : data;
}
