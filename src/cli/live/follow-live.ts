import type { EventRecord, Run, RunView } from "../../client/index.js";
import { widthOf } from "../terminal/color.js";
import type { FollowedRun, FollowOutcome } from "../command.js";
import { EventLines } from "../describe/event-lines.js";
import type { Output } from "../output.js";
import type { Screen } from "../terminal/screen.js";
import { progressOf, runTree } from "../tree/run-tree.js";
import { FrameReader } from "./frame-reader.js";
import { LiveDrawing, type Picture } from "./live-drawing.js";
import { learnLoops } from "./learn-loops.js";
import { LastOutput } from "./last-output.js";
import { liveRegion, liveRegionLines, type LiveRegion } from "./live-region.js";
import { runSummary } from "./run-summary.js";

/** Flush early once this much text is pending. In characters. */
const maxPending = 64 * 1024;

/** The events that the live region shows anyway, so that they need no line. */
const shownLive: ReadonlySet<string> = new Set([
  "RunStarted",
  "RunStatusChanged",
  "RunFinished",
  "RunFailed",
  "RunCancelled",
  "NodeStarted",
  "NodeWaitingApproval",
]);

/** Draws a run at a terminal: its current tree, and above it a line for each node that has finished. */
export async function followLive(
  { runs: [run], updates, serverNow, showsOutput }: FollowOutcome,
  output: Output,
  screen: Screen,
): Promise<void> {
  if (run === undefined) return;
  const live = new LiveRun(run, serverNow, showsOutput, output, screen);
  try {
    for await (const { records } of updates) await live.see(records);
    if (run.ended !== undefined) await live.finish(run.ended);
  } finally {
    await live.close();
  }
}

/** The live view of a run. */
class LiveRun {
  readonly #run: FollowedRun;
  readonly #output: Output;
  readonly #screen: Screen;
  readonly #lines: EventLines;
  readonly #printed = new LastOutput();
  readonly #frames: FrameReader;
  readonly #drawing: LiveDrawing;
  /** Permanent lines that have not been written yet. */
  #pending = "";
  readonly #serverNow: () => number;
  #part: LiveRegion | undefined;
  /** The number of rows that the live region was made for. */
  #partRows = 0;
  #spinnerFrame = 0;

  constructor(
    run: FollowedRun,
    serverNow: () => number,
    showsOutput: boolean,
    output: Output,
    screen: Screen,
  ) {
    const { view, fetchFrame, loops } = run;
    this.#run = run;
    this.#output = output;
    this.#screen = screen;
    this.#serverNow = serverNow;
    this.#lines = new EventLines(
      output.style,
      () => view().startedAtMs,
      loops,
      showsOutput ? "all" : "of failed nodes",
    );
    this.#frames = new FrameReader(fetchFrame, () => this.#changed());
    this.#drawing = new LiveDrawing(screen, output.stderr, () => this.#render());
    screen.takeHeldBack = () => this.#takePending();
  }

  #takePending(): string {
    const pending = this.#pending;
    this.#pending = "";
    return pending;
  }

  get #view(): RunView {
    return this.#run.view();
  }

  async see(records: readonly EventRecord[]): Promise<void> {
    await learnLoops(this.#run, records);
    for (const { event } of records) {
      this.#printed.push(event);
      const lines = this.#lines.linesFor(event);
      // An error of several lines stays above; the live region and the summary show only its first line.
      if (shownLive.has(event.type) && lines.length < 2) continue;
      for (const line of lines) this.#pending += `${line}\n`;
    }
    this.#changed();
    if (this.#pending.length > maxPending) await this.#drawing.draw();
  }

  /** Replaces the live region with a summary of the run. */
  async finish(status: Run): Promise<void> {
    // Count nodes as the live region does.
    const progress = progressOf(runTree(this.#frames.treeFor(this.#view), this.#view), this.#view);
    const summary = runSummary(this.#view, status, progress, this.#run.loops, this.#output.style);
    const text = `${this.#takePending()}${summary.map((line) => `${line}\n`).join("")}`;
    await this.#screen.draw([], text);
  }

  async close(): Promise<void> {
    this.#frames.close();
    this.#screen.takeHeldBack = undefined;
    await this.#drawing.close(this.#takePending());
  }

  #changed(): void {
    this.#part = undefined;
    this.#drawing.changed();
  }

  #render(): Picture {
    const { style, env } = this.#output;
    // Leave room below for the cursor, and for a question.
    const rows = Math.max(1, this.#screen.rows - 2);
    if (this.#partRows !== rows) this.#part = undefined;
    this.#partRows = rows;
    this.#part ??= liveRegion(this.#view, this.#frames.treeFor(this.#view), rows);
    const { running } = this.#part.progress;
    if (running > 0) this.#spinnerFrame++;
    const { spinner } = style.symbols;
    const context = {
      view: this.#view,
      // No event is in the future.
      now: Math.max(this.#serverNow(), this.#view.updatedAtMs ?? 0),
      style: { ...style, width: widthOf({ isTTY: true, columns: this.#screen.columns }, env) },
      spinner: spinner[this.#spinnerFrame % spinner.length] ?? "",
    };
    const lines = liveRegionLines(this.#part, context, (node) => this.#printed.of(node));
    return { lines, moves: running > 0, above: this.#takePending() };
  }
}
