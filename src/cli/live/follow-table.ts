import type { RunView } from "../../client/index.js";
import type { FollowedRun, FollowOutcome } from "../command.js";
import { labelPaint } from "../describe/run-labels.js";
import type { Output } from "../output.js";
import { widthOf } from "../terminal/color.js";
import type { Screen } from "../terminal/screen.js";
import type { Style } from "../terminal/style.js";
import type { FetchFrame } from "../tree/loops.js";
import type { FrameGroup } from "../tree/run-tree.js";
import { FrameReader } from "./frame-reader.js";
import { LiveDrawing, type Picture } from "./live-drawing.js";
import { runFacts, type RunFacts } from "./run-facts.js";
import { resultLine } from "./result-line.js";
import { runTable, type TableRow } from "./run-table.js";
import { TableKeys } from "./table-keys.js";

/**
 * Draws runs as a table at a terminal, with a row for each. When it ends, for whatever reason, it leaves a line for
 * each run. If a person is asked about approvals, they decide them in the table.
 */
export async function followTable(outcome: FollowOutcome, output: Output, screen: Screen): Promise<void> {
  const live = new LiveTable(outcome, output, screen);
  try {
    for await (const update of outcome.updates) live.changed(update.run);
  } finally {
    await live.close();
  }
}

/** The facts of a run, and what they were computed from. */
interface KnownFacts {
  facts: RunFacts;
  view: RunView;
  frame: FrameGroup | undefined;
  ended: FollowedRun["ended"];
  lost: unknown;
}

class LiveTable {
  readonly #outcome: FollowOutcome;
  readonly #output: Output;
  readonly #screen: Screen;
  readonly #drawing: LiveDrawing;
  readonly #keys: TableKeys | undefined;
  readonly #known = new Map<FollowedRun, KnownFacts>();
  readonly #frames = new Map<FollowedRun, FrameReader>();
  /** Trees are fetched one at a time, however many runs there are. */
  #fetching: Promise<unknown> = Promise.resolve();
  #spinnerFrame = 0;

  constructor(outcome: FollowOutcome, output: Output, screen: Screen) {
    this.#outcome = outcome;
    this.#output = output;
    this.#screen = screen;
    const { desk } = outcome;
    this.#keys =
      desk === undefined
        ? undefined
        : new TableKeys(desk, {
            rowOf: (runId) => outcome.runs.findIndex((run) => run.runId === runId),
            labelOf: (runId) =>
              outcome.runs.find((run) => run.runId === runId)?.label?.text.trimEnd() ?? runId,
            onChange: () => void this.#drawing.draw(),
            columns: () => screen.columns,
            symbols: output.style.symbols,
          });
    this.#drawing = new LiveDrawing(screen, output.stderr, () => this.#render());
  }

  changed(run: FollowedRun): void {
    this.#known.delete(run);
    this.#drawing.changed();
  }

  async close(): Promise<void> {
    this.#keys?.close();
    for (const reader of this.#frames.values()) reader.close();
    const { runs } = this.#outcome;
    const left = runs.map((run) => `${resultLine(run, this.#factsOf(run), this.#output.style)}\n`);
    await this.#drawing.close(left.join(""));
  }

  #render(): Picture {
    const { style, env } = this.#output;
    const { runs, serverNow } = this.#outcome;
    const keys = this.#keys;
    const rows = runs.map((run): TableRow => {
      const asked = keys?.approvalsOf(run.runId) ?? [];
      return {
        facts: this.#factsOf(run),
        label: run.label?.text.trimEnd() ?? run.runId,
        paintLabel: run.label === undefined ? style.bold : labelPaint(run.label, style),
        approvals: asked.map(({ text }) => text),
        selected: asked.find(({ isSelected }) => isSelected)?.text,
      };
    });
    const moves = rows.some(({ facts }) => facts.category === "running");
    if (moves) this.#spinnerFrame++;
    const { spinner } = style.symbols;
    const drawn: Style = {
      ...style,
      width: widthOf({ isTTY: true, columns: this.#screen.columns }, env),
    };
    const context = {
      now: serverNow(),
      style: drawn,
      spinner: spinner[this.#spinnerFrame % spinner.length] ?? "",
    };
    // Leave room below for the cursor, and for a question.
    const lines = runTable(rows, keys?.hint ?? "", context, this.#screen.rows - 2);
    keys?.drawn();
    return { lines, moves };
  }

  /** Returns the newest known tree of a run. */
  #treeOf(run: FollowedRun): FrameGroup | undefined {
    const reader = this.#frames.get(run) ?? this.#readerOf(run);
    return reader.treeFor(run.view());
  }

  #readerOf(run: FollowedRun): FrameReader {
    const fetch: FetchFrame = (runId, signal) => {
      const fetched = this.#fetching.then(() => run.fetchFrame(runId, signal));
      this.#fetching = fetched.catch(() => {});
      return fetched;
    };
    const reader = new FrameReader(fetch, () => this.changed(run));
    this.#frames.set(run, reader);
    return reader;
  }

  #factsOf(run: FollowedRun): RunFacts {
    const [view, frame, { ended, lost }] = [run.view(), this.#treeOf(run), run];
    const known = this.#known.get(run);
    if (known?.view === view && known.frame === frame && known.ended === ended && known.lost === lost)
      return known.facts;
    const facts = runFacts(run, frame);
    this.#known.set(run, { facts, view, frame, ended, lost });
    return facts;
  }
}
