import type { Screen } from "./screen.js";
import { fitWidth } from "./fit-width.js";
import type { Style } from "./style.js";

/** The delay before the spinner appears, in ms. Quick work shows nothing. */
const patienceMs = 500;
/** After this long with nothing to wait for, the next wait starts with a new delay. In ms. */
const restMs = 100;
/** The time between two frames of the spinner. In ms. */
const pictureMs = 100;

/**
 * Shows at a terminal what the command is waiting for, once that takes a while. The screen draws and measures it while
 * there is nothing else to show; `ora` determines what it looks like.
 */
export class Spinner {
  readonly #screen: Screen;
  readonly #style: Style;
  /** The current waits, newest last. */
  readonly #waits: { what: string }[] = [];
  /** When waiting began, and when it last ended. By `performance.now()`. */
  #since = 0;
  #until = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(screen: Screen, style: Style) {
    this.#screen = screen;
    this.#style = style;
  }

  /** Returns the work's result, and shows what it is in the meantime. */
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
    // That wait may have ended in the meantime, and another one begun.
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
