import type { RunView } from "../../client/index.js";
import type { FetchFrame } from "../tree/loops.js";
import { readFrame, type FrameGroup } from "../tree/run-tree.js";

/** The minimum pause between two requests, in ms. After a slow one, the pause is `timesAsLong` times its duration. */
const minPauseMs = 1000;
const timesAsLong = 30;

/**
 * Keeps a run's newest tree. Fetches it when the events announce a new one, one request at a time, in the background.
 */
export class FrameReader {
  readonly #fetch: FetchFrame;
  readonly #onChange: () => void;
  readonly #closed = new AbortController();
  #runId = "";
  #tree: FrameGroup | undefined;
  /** The newest frame that the events have announced, and the newest one at the time that the tree was fetched. */
  #announced = 0;
  #fetched = 0;
  #isBusy = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(fetch: FetchFrame, onChange: () => void) {
    this.#fetch = fetch;
    this.#onChange = onChange;
  }

  /** Returns the newest known tree of this run. */
  treeFor({ runId, frameNo }: RunView): FrameGroup | undefined {
    if (runId !== this.#runId) {
      this.#runId = runId;
      this.#tree = undefined;
      this.#fetched = 0;
    }
    this.#announced = frameNo;
    void this.#refresh();
    return this.#tree;
  }

  close(): void {
    this.#closed.abort();
    clearTimeout(this.#timer);
  }

  async #refresh(): Promise<void> {
    if (this.#isBusy || this.#announced === this.#fetched || this.#closed.signal.aborted) return;
    this.#isBusy = true;
    const [runId, announced, started] = [this.#runId, this.#announced, performance.now()];
    // The view continues without the tree; the next attempt may succeed.
    const frame = await this.#fetch(runId, this.#closed.signal).catch(() => undefined);
    if (this.#closed.signal.aborted) return;
    if (frame !== undefined && runId === this.#runId) {
      this.#fetched = announced;
      this.#tree = readFrame(frame) ?? this.#tree;
      this.#onChange();
    }
    const pause = Math.max(minPauseMs, timesAsLong * (performance.now() - started));
    this.#timer = setTimeout(() => {
      this.#isBusy = false;
      void this.#refresh();
    }, pause);
  }
}
