import type { Screen } from "./screen.js";
import { fitWidth } from "./fit-width.js";
import type { Style } from "./style.js";

/** The wait before the spinner appears, in ms: quick work shows nothing. */
const patienceMs = 500;
/** Milliseconds without anything to wait for after which the next wait is one of its own. */
const restMs = 100;
/** Milliseconds between two pictures. */
const pictureMs = 100;

/**
 * Says at a terminal what is being waited for, once that takes a while. The screen draws it, wherever it has nothing else
 * to show, and measures it; `ora` says what it looks like.
 */
export class Spinner {
  readonly #screen: Screen;
  readonly #style: Style;
  /** What is waited for, the newest last. */
  readonly #waits: { what: string }[] = [];
  /** By `performance.now()`: since when something has been waited for, and until when, where that has ended. */
  #since = 0;
  #until = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(screen: Screen, style: Style) {
    this.#screen = screen;
    this.#style = style;
  }

  /** Gives what the work gives, and shows what it is meanwhile. */
  async during<T>(what: string, work: Promise<T>): Promise<T> {
    const wait = { what };
    this.#begin(wait);
    try {
      return await work;
    } finally {
      await this.#end(wait);
    }
  }

  #begin(wait: { what: string }): void {
    this.#waits.push(wait);
    if (this.#waits.length > 1) return;
    const now = performance.now();
    if (now - this.#until > restMs) this.#since = now;
    this.#timer = setTimeout(() => void this.#show(), Math.max(0, this.#since + patienceMs - now));
  }

  async #end(wait: { what: string }): Promise<void> {
    this.#waits.splice(this.#waits.indexOf(wait), 1);
    if (this.#waits.length > 0) return;
    this.#until = performance.now();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#screen.wait(undefined).catch(() => {});
  }

  async #show(): Promise<void> {
    const { symbols, cyan } = this.#style;
    const timer = this.#timer;
    const { default: ora } = await import("ora");
    // Meanwhile that wait may have ended, and another begun.
    if (this.#timer !== timer) return;
    const frames = symbols.spinner.map((picture) => cyan(picture));
    const spinner = ora({ color: false, isEnabled: false, spinner: { frames, interval: 1 } });
    const draw = (): void => {
      const newest = this.#waits.at(-1);
      if (newest === undefined) return;
      spinner.text = fitWidth(newest.what, this.#screen.columns - 3, symbols.cut);
      this.#screen.wait(spinner.frame()).catch(() => {});
      this.#timer = setTimeout(draw, pictureMs);
    };
    draw();
  }
}
