import type { RunView } from "../../client/index.js";
import type { FetchFrame } from "../tree/loops.js";
import { readFrame, type FrameGroup } from "../tree/run-tree.js";

/** Milliseconds between two requests at least; a server that takes long is asked more rarely. */
const minPauseMs = 1000;
const timesAsLong = 30;

/** Keeps a run's newest tree: asked for when the events announce another, one request at a time, and never in the way. */
export class FrameReader {
  readonly #fetch: FetchFrame;
  readonly #onChange: () => void;
  readonly #closed = new AbortController();
  #runId = "";
  #tree: FrameGroup | undefined;
  /** The newest frame that the events told of, and the one that was when the tree was fetched. */
  #told = 0;
  #fetched = 0;
  #isBusy = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(fetch: FetchFrame, onChange: () => void) {
    this.#fetch = fetch;
    this.#onChange = onChange;
  }

  /** The newest tree there is of this run. */
  treeFor({ runId, frameNo }: RunView): FrameGroup | undefined {
    if (runId !== this.#runId) {
      this.#runId = runId;
      this.#tree = undefined;
      this.#fetched = 0;
    }
    this.#told = frameNo;
    void this.#refresh();
    return this.#tree;
  }

  close(): void {
    this.#closed.abort();
    clearTimeout(this.#timer);
  }

  async #refresh(): Promise<void> {
    if (this.#isBusy || this.#told === this.#fetched || this.#closed.signal.aborted) return;
    this.#isBusy = true;
    const [runId, told, started] = [this.#runId, this.#told, performance.now()];
    // Without it the lines go on, and the next try is another chance.
    const frame = await this.#fetch(runId, this.#closed.signal).catch(() => undefined);
    if (this.#closed.signal.aborted) return;
    if (frame !== undefined && runId === this.#runId) {
      this.#fetched = told;
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
