import {
  emptyRunView,
  reduceRunAll,
  type RunStatus,
  type RunView,
  type SmithersEvent,
} from "../../client/index.js";
import { widthOf } from "../terminal/color.js";
import type { FollowOutcome } from "../command.js";
import { isShown } from "../follow/shown-events.js";
import { EventLines } from "../follow/event-lines.js";
import type { Output } from "../format.js";
import type { Screen } from "../terminal/screen.js";
import { FrameReader, type FetchFrame } from "./frame-reader.js";
import { livePart, livePartLines, type LivePart } from "./live-part.js";
import { runSummary } from "./run-summary.js";

/** Milliseconds between two drawings at least, and between two pictures of the spinner. */
const leastPause = 100;
/** Milliseconds after which times are drawn anew while nothing else moves. */
const clockPause = 1000;
/** So much text does not wait for the next drawing; in characters. */
const mostPending = 64 * 1024;

/** What the live part shows anyway, and no line has to say. */
const shownLive: ReadonlySet<string> = new Set([
  "RunStarted",
  "RunStatusChanged",
  "RunFinished",
  "RunFailed",
  "RunCancelled",
  "NodeStarted",
  "NodeWaitingApproval",
]);

type DrawnOutcome = FollowOutcome & { newestFrame: FetchFrame };

/** Follows a run at a terminal: what has ended goes by in lines that stay, and below them stands the run as it is. */
export async function followLive(outcome: DrawnOutcome, output: Output, screen: Screen): Promise<RunStatus> {
  const live = new LiveRun(outcome, output, screen);
  try {
    for (;;) {
      const { done, value } = await outcome.records.next();
      if (done) {
        await live.finish(value);
        return value;
      }
      const shown = [...value].filter((record) => isShown(record, outcome)).map(({ event }) => event);
      await live.see(value.events, new Set(shown));
    }
  } finally {
    await live.close();
  }
}

type Events = Parameters<typeof reduceRunAll>[1];

/** The run as it is seen and drawn. */
class LiveRun {
  readonly #output: Output;
  readonly #screen: Screen;
  readonly #lines: EventLines;
  readonly #frames: FrameReader;
  readonly #endResize: () => void;
  #view: RunView;
  /** Lines that are to stay and have not been written. */
  #pending = "";
  /** How much our clock is ahead of the server's, where that is sure: an event cannot be of the future. */
  #clockIsAhead = 0;
  #part: LivePart | undefined;
  #turn = 0;
  #drawnAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ runId, startedAtMs, newestFrame }: DrawnOutcome, output: Output, screen: Screen) {
    this.#output = output;
    this.#screen = screen;
    this.#view = { ...emptyRunView(runId), startedAtMs };
    this.#lines = new EventLines(output.style, startedAtMs);
    this.#frames = new FrameReader(newestFrame, () => this.#changed());
    this.#endResize = output.stderr.onResize(() => {
      this.#part = undefined;
      void this.#draw();
    });
    this.#changed();
  }

  async see(events: Events, shown: ReadonlySet<SmithersEvent>): Promise<void> {
    this.#view = reduceRunAll(this.#view, events);
    for (const event of events) {
      const line = this.#lines.lineFor(event);
      if (line !== undefined && shown.has(event) && !shownLive.has(event.type)) this.#pending += `${line}\n`;
    }
    const { updatedAtMs } = this.#view;
    if (updatedAtMs !== null)
      this.#clockIsAhead = Math.min(this.#clockIsAhead, this.#output.now() - updatedAtMs);
    this.#changed();
    if (this.#pending.length > mostPending) await this.#draw();
  }

  /** Leaves what there is to say of the whole in place of the live part. */
  async finish(status: RunStatus): Promise<void> {
    const summary = runSummary(this.#view, status, this.#output.style);
    const text = `${this.#pending}${summary.map((line) => `${line}\n`).join("")}`;
    this.#pending = "";
    await this.#screen.draw([], text);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#frames.close();
    this.#endResize();
    const left = this.#pending;
    this.#pending = "";
    await (left === "" ? this.#screen.clear() : this.#screen.draw([], left));
  }

  #changed(): void {
    this.#part = undefined;
    this.#drawAfter(leastPause);
  }

  #drawAfter(pause: number): void {
    clearTimeout(this.#timer);
    const wait = this.#drawnAt + pause - performance.now();
    this.#timer = setTimeout(() => void this.#draw(), Math.max(0, wait));
  }

  async #draw(): Promise<void> {
    const { style, env, now } = this.#output;
    this.#drawnAt = performance.now();
    // Below it there is room for the cursor, and for a question.
    this.#part ??= livePart(this.#view, this.#frames.treeFor(this.#view), Math.max(1, this.#screen.rows - 2));
    const { running } = this.#part.progress;
    if (running > 0) this.#turn++;
    const { spinner } = style.symbols;
    const lines = livePartLines(this.#part, {
      view: this.#view,
      now: now() - this.#clockIsAhead,
      style: { ...style, width: widthOf({ isTTY: true, columns: this.#screen.columns }, env) },
      spinner: spinner[this.#turn % spinner.length] ?? "",
    });
    const above = this.#pending;
    this.#pending = "";
    this.#drawAfter(running > 0 ? leastPause : clockPause);
    try {
      await this.#screen.draw(lines, above);
    } catch {
      // The terminal has gone; what writes next, or the signal that comes with it, ends the following.
    }
  }
}
