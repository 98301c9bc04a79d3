import type { OutputStream } from "../context.js";
import type { Screen } from "../terminal/screen.js";

/** The minimum pause between two redraws, and between two frames of the spinner. In ms. */
const minPauseMs = 100;
/** After a slow redraw, the pause is this many times its duration. */
const timesAsLong = 20;
/** The pause before times are redrawn while nothing else moves. In ms. */
const clockPauseMs = 1000;

/** What to draw at one moment. */
export interface Picture {
  lines: readonly string[];
  /** Whether something in it moves, as a spinner does. */
  moves: boolean;
  /** Permanent text to write above the live region. Default: none. */
  above?: string;
}

/**
 * Keeps redrawing a live region: soon after a change, and regularly for its clocks and spinners, but never so often
 * that it keeps the processor busy.
 */
export class LiveDrawing {
  readonly #screen: Screen;
  readonly #render: () => Picture;
  readonly #endResize: () => void;
  #drawnAt = -Infinity;
  /** The minimum pause before the next redraw. In ms. */
  #pauseMs = minPauseMs;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(screen: Screen, stream: OutputStream, render: () => Picture) {
    this.#screen = screen;
    this.#render = render;
    this.#endResize = stream.onResize(() => void this.draw());
    this.changed();
  }

  /** Schedules a redraw after a change, for when the pause after the last redraw is over. */
  changed(): void {
    this.#drawAfter(0);
  }

  /** Redraws now. */
  async draw(): Promise<void> {
    if (this.#isClosed) return;
    const began = performance.now();
    const { lines, moves, above } = this.#render();
    this.#drawnAt = performance.now();
    this.#pauseMs = Math.max(minPauseMs, timesAsLong * (this.#drawnAt - began));
    this.#drawAfter(moves ? 0 : clockPauseMs);
    try {
      await this.#screen.draw(lines, above);
    } catch {
      // The terminal is gone. The next write, or the signal that comes with that, ends the command.
    }
  }

  /** Stops redrawing, and replaces the live region with this text. */
  async close(left: string): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#endResize();
    await (left === "" ? this.#screen.clear() : this.#screen.draw([], left));
  }

  #drawAfter(pauseMs: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    const wait = this.#drawnAt + Math.max(pauseMs, this.#pauseMs) - performance.now();
    this.#timer = setTimeout(() => void this.draw(), Math.max(0, wait));
  }
}
