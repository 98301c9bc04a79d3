import type { OutputStream } from "../context.js";
import type { Screen } from "../terminal/screen.js";

/** Milliseconds between two drawings at least, and between two pictures of the spinner. */
const minPauseMs = 100;
/** A drawing that takes long is followed by a pause of so many times as long. */
const timesAsLong = 20;
/** Milliseconds after which times are drawn anew while nothing else moves. */
const clockPauseMs = 1000;

/** What is drawn at a moment. */
export interface Picture {
  lines: readonly string[];
  /** Whether something in it moves, as a spinner does. */
  moves: boolean;
  /** Text that stays, above the live part. Default: none. */
  above?: string;
}

/**
 * Draws a live part again and again: soon after a change, with its clocks and spinners, and never so often that it keeps
 * the processor busy.
 */
export class LiveDrawing {
  readonly #screen: Screen;
  readonly #render: () => Picture;
  readonly #endResize: () => void;
  #drawnAt = -Infinity;
  /** Milliseconds until the next drawing at least. */
  #pauseMs = minPauseMs;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(screen: Screen, stream: OutputStream, render: () => Picture) {
    this.#screen = screen;
    this.#render = render;
    this.#endResize = stream.onResize(() => void this.draw());
    this.changed();
  }

  /** Something has changed; it is drawn as soon as the pause after the last drawing is over. */
  changed(): void {
    this.#drawAfter(0);
  }

  /** Draws now. */
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
      // The terminal has gone; what writes next, or the signal that comes with it, ends the following.
    }
  }

  /** Leaves this text where the live part was. */
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
