import type { Run } from "../results.js";
import type { SmithersEvent } from "../events.js";
import type { RunView } from "../view/run-view.js";
import type { EventRecord } from "./event-record.js";

/**
 * A run that is being followed. Iterate over it to receive its events. Nothing is read ahead of the loop, and leaving
 * the loop closes the connection.
 *
 * @example
 * const run = watchRun({ runId });
 * for await (const event of run) console.log(event.type, run.view.nodes.size);
 * console.log((await run.ended).status);
 */
export class RunStream<Item, Result = Run> implements AsyncGenerator<Item, Result, undefined> {
  /**
   * Resolves when the loop has reached its end, with the stream's result, such as the run's last status. Rejects with
   * what the loop throws, or if the loop is left early.
   */
  readonly ended: Promise<Result>;
  readonly #items: AsyncGenerator<Item, Result, undefined>;
  readonly #currentView: () => RunView;
  #settle!: { resolve: (result: Result) => void; reject: (error: unknown) => void };

  /** @internal */
  constructor(items: AsyncGenerator<Item, Result, undefined>, currentView: () => RunView) {
    this.#items = items;
    this.#currentView = currentView;
    this.ended = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // The caller may ignore `ended`, so its rejection must not count as unhandled.
    this.ended.catch(() => {});
  }

  /** The run as shown by the events read so far. */
  get view(): RunView {
    return this.#currentView();
  }

  async next(): Promise<IteratorResult<Item, Result>> {
    try {
      const result = await this.#items.next();
      if (result.done) this.#settle.resolve(result.value);
      return result;
    } catch (error) {
      this.#settle.reject(error);
      throw error;
    }
  }

  async return(value?: Result | PromiseLike<Result>): Promise<IteratorResult<Item, Result>> {
    this.#settle.reject(new DOMException("the loop ended before the run did", "AbortError"));
    return this.#items.return(value as Result);
  }

  async throw(error: unknown): Promise<IteratorResult<Item, Result>> {
    this.#settle.reject(error);
    return this.#items.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

/** Converts a stream of records to a stream of single events. */
export function eventsOf<Result>(stream: RunStream<EventRecord[], Result>): RunStream<SmithersEvent, Result> {
  return new RunStream(flatten(stream), () => stream.view);
}

async function* flatten<Result>(
  stream: RunStream<EventRecord[], Result>,
): AsyncGenerator<SmithersEvent, Result, undefined> {
  for await (const records of stream) {
    for (const { event } of records) yield event;
  }
  return stream.ended;
}
