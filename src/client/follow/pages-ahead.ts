import type { EventConnection } from "../server/event-connection.js";

/** A server sends this many events at most each time that it looks for new ones; a page. */
export const pageSize = 200;
/** A reader that goes on from one page to the next asks for its last event again, to check that the numbering stands. */
const pageStep = pageSize - 1;
/** How many connections this process opens ahead of what it reads, for all runs together. */
const maxAhead = 8;

/** Of all readers of this process. */
let openAhead = 0;

/**
 * Connections to the next pages of a long history, opened before they are needed: the delay of a server that is far away
 * is then paid once for several pages. A page that turns out not to be the next one is thrown away.
 */
export class PagesAhead {
  readonly #open: (afterSeq: number) => Promise<EventConnection>;
  /** By the number after which they start. */
  readonly #pages = new Map<number, Promise<EventConnection>>();
  /** How many pages in a row were full: a run that has few is not worth opening many ahead. */
  #fullPages = 0;

  constructor(open: (afterSeq: number) => Promise<EventConnection>) {
    this.#open = open;
  }

  get isEmpty(): boolean {
    return this.#pages.size === 0;
  }

  /** The connection that starts after this number: one that was opened ahead, or a new one. */
  async take(afterSeq: number): Promise<EventConnection> {
    const ahead = this.#pages.get(afterSeq);
    if (ahead === undefined) {
      this.close();
      return this.#open(afterSeq);
    }
    this.#pages.delete(afterSeq);
    openAhead--;
    // What went wrong may have done so long ago.
    return ahead.catch(() => this.#open(afterSeq));
  }

  /** A page was full, so more are to be expected; the next one starts after this number. */
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

  /** Closes what was opened ahead. */
  close(): void {
    for (const connection of this.#pages.values()) connection.then((open) => open.close()).catch(() => {});
    openAhead -= this.#pages.size;
    this.#pages.clear();
    this.#fullPages = 0;
  }
}
