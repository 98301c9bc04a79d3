import type { EventConnection } from "../server/event-connection.js";

/** A page: the maximum number of events that a server sends per poll. */
export const pageSize = 200;
/** A reader that moves on to the next page requests its last event again, to check that the numbering has not moved. */
const pageStep = pageSize - 1;
/** How many connections this process opens ahead of time, for all runs together. */
const maxAhead = 8;

/** How many connections are open ahead of time, for all readers of this process. */
let openAhead = 0;

/**
 * Connections to the next pages of a long history, opened ahead of time. The latency of a distant server is then paid
 * once for several pages. A page that turns out not to be the next one is discarded.
 */
export class PagesAhead {
  readonly #open: (afterSeq: number) => Promise<EventConnection>;
  /** By the number of the event that they start after. */
  readonly #pages = new Map<number, Promise<EventConnection>>();
  /** How many pages in a row were full. A short run is not worth opening many ahead of time. */
  #fullPages = 0;

  constructor(open: (afterSeq: number) => Promise<EventConnection>) {
    this.#open = open;
  }

  get isEmpty(): boolean {
    return this.#pages.size === 0;
  }

  /** Returns the connection that starts after this event: one that was opened ahead of time, or a new one. */
  async take(afterSeq: number): Promise<EventConnection> {
    const ahead = this.#pages.get(afterSeq);
    if (ahead === undefined) {
      this.close();
      return this.#open(afterSeq);
    }
    this.#pages.delete(afterSeq);
    openAhead--;
    // The failure may be old, so try again.
    return ahead.catch(() => this.#open(afterSeq));
  }

  /** Opens the next pages ahead of time, after a full page. The first one starts after this event. */
  expectMore(afterSeq: number): void {
    const count = Math.min(maxAhead, ++this.#fullPages);
    for (let page = 0; page < count && openAhead < maxAhead; page++) {
      const start = afterSeq + page * pageStep;
      if (this.#pages.has(start)) continue;
      const connection = this.#open(start);
      connection.catch(() => {});
      this.#pages.set(start, connection);
      openAhead++;
    }
  }

  /** Closes the connections that were opened ahead of time. */
  close(): void {
    for (const connection of this.#pages.values()) connection.then((open) => open.close()).catch(() => {});
    openAhead -= this.#pages.size;
    this.#pages.clear();
    this.#fullPages = 0;
  }
}
