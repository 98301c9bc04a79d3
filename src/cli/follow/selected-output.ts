import type { EventRecord, Run, SmithersEvent } from "../../client/index.js";
import { OutputLines, type OutputLine } from "../describe/output-lines.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Which output of a run to select. A field that is `undefined` excludes nothing. */
export interface OutputSelection {
  nodeId: string | undefined;
  iteration?: number | undefined;
  attempt?: number | undefined;
  stream?: string | undefined;
  /** By the server's clock, in ms since 1970. */
  sinceMs: number | undefined;
}

export const tooOld = "this server is older than 0.32, the first version that keeps what nodes print";

/** The most nodes to name that have printed something. */
const maxNamed = 5;

/** Selects the requested output from a run's events, which must arrive in order. */
export class SelectedOutput {
  readonly #selection: OutputSelection;
  readonly #lines = new OutputLines();
  #hasFound = false;
  /** Some of the nodes that have printed something. */
  readonly #printed = new Set<string>();
  /** Whether an event has shown that the server is new enough to keep output. */
  #isNewer = false;

  constructor(selection: OutputSelection) {
    this.#selection = selection;
  }

  /** Returns the events that match, and the lines that they complete. */
  select(records: readonly EventRecord[]): { records: EventRecord[]; lines: OutputLine[] } {
    const { sinceMs = -Infinity } = this.#selection;
    const selected: EventRecord[] = [];
    const completed: OutputLine[][] = [];
    for (const record of records) {
      const { event } = record;
      const isOutput = event.type === "NodeOutput";
      this.#isNewer ||= isOutput || "correlation" in event;
      if (isOutput) this.#remember(event.nodeId);
      if (isOutput && !this.#isSelected(event)) continue;
      const lines = this.#lines.push(event);
      if (!(event.timestampMs >= sinceMs)) continue;
      if (isOutput) selected.push(record);
      completed.push(lines);
    }
    this.#hasFound ||= selected.length > 0;
    return { records: selected, lines: completed.flat() };
  }

  /** Returns the lines that were printed without a line ending. */
  flush(): OutputLine[] {
    return this.#lines.flush();
  }

  /** Returns why nothing was selected; `undefined` if something was. */
  whyNone({ runId, runState }: Run): string | undefined {
    if (this.#hasFound) return undefined;
    if (!this.#isNewer && runState === undefined) return `no output: ${tooOld}`;
    const { nodeId } = this.#selection;
    const run = `run ${escapeControls(runId)}`;
    if (this.#printed.size === 0) return `${run} has printed nothing`;
    if (nodeId === undefined || this.#printed.has(nodeId)) return `${run} has printed nothing that matches`;
    const others = [...this.#printed].map((id) => escapeControls(id));
    const named = others.slice(0, maxNamed).join(", ") + (others.length > maxNamed ? ", …" : "");
    return `node ${escapeControls(nodeId)} of ${run} has printed nothing; others have: ${named}`;
  }

  #isSelected(event: SmithersEvent): boolean {
    const fields = event as Record<string, unknown>;
    return (["nodeId", "iteration", "attempt", "stream"] as const).every(
      (name) => this.#selection[name] === undefined || fields[name] === this.#selection[name],
    );
  }

  #remember(nodeId: unknown): void {
    if (typeof nodeId !== "string") return;
    if (nodeId === this.#selection.nodeId || this.#printed.size <= maxNamed) this.#printed.add(nodeId);
  }
}
