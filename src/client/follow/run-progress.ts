import { emptyRunView, type RunView } from "../view/run-view.js";
import type { EventStream } from "./event-stream.js";

/** How far a run has been read. */
export class RunProgress {
  /** The run as shown by all events read so far. */
  view: RunView;
  /** The stream that the events come from; `undefined` before the first event. */
  stream: Pick<EventStream, "position" | "last" | "comments"> | undefined;
  #waiting: (() => void)[] = [];

  constructor(runId: string) {
    this.view = emptyRunView(runId);
  }

  update(view: RunView): void {
    this.view = view;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves at the next update. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
