import { iterationOf, noLoops } from "../describe/approval-label.js";
import { endOf, startOf, type Span, type TimelineRow } from "./timeline.js";

/** What a chart shows in one row: an attempt of a node, or all iterations of a node in a loop. */
export interface ChartRow extends TimelineRow {
  /** How many iterations of a loop the row stands for; 0 for a row of one attempt. */
  iterations: number;
  /** What distinguishes the row from the node's others, such as `#2` or `attempt 2`; empty if it is the only one. */
  detail: string;
}

/** Returns the rows of a chart: one for each attempt. A loop's iterations share a row, unless `showIterations` is set. */
export function chartRows(
  rows: readonly TimelineRow[],
  showIterations: boolean,
  loops = noLoops,
): ChartRow[] {
  const byNode = new Map<string, TimelineRow[]>();
  for (const row of rows) {
    const others = byNode.get(row.nodeId);
    if (others === undefined) byNode.set(row.nodeId, [row]);
    else others.push(row);
  }
  const shown = [...byNode.values()].flatMap((ofNode) => {
    const iterations = new Set(ofNode.map(({ iteration }) => iteration)).size;
    if (iterations > 1 && !showIterations) return [fold(ofNode, iterations)];
    // A loop that is no longer in the tree is known by its other iterations.
    const loopsHere = iterations > 1 ? new Set(ofNode.map(({ nodeId }) => nodeId)) : loops;
    return ofNode.map((row) => {
      const isRetried = ofNode.some((other) => other.iteration === row.iteration && other !== row);
      const iteration = iterationOf(row, loopsHere);
      const number = iteration === undefined ? "" : `#${iteration}`;
      const attempt = isRetried && row.attempt > 0 ? `attempt ${row.attempt}` : "";
      return { ...row, iterations: 0, detail: [number, attempt].filter((part) => part !== "").join(" ") };
    });
  });
  return shown.sort((a, b) => startOf(a) - startOf(b));
}

function fold(rows: readonly TimelineRow[], iterations: number): ChartRow {
  const spans = rows.flatMap((row) => row.spans).sort((a, b) => a.from - b.from || a.to - b.to);
  const newest = rows.reduce((last, row) => (endOf(row) >= endOf(last) ? row : last), rows[0] as TimelineRow);
  return { ...newest, spans, iterations, detail: `${iterations} iterations` };
}

/**
 * Returns how long a row's phases took together, in ms. Time between the iterations of a loop may belong to no phase.
 */
export function totalMs({ spans }: { spans: readonly Span[] }): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** Returns how long a row was in each phase, in ms. Leaves out phases that it was not in. */
export function phaseTimes({ spans }: { spans: readonly Span[] }): Map<Span["phase"], number> {
  const times = new Map<Span["phase"], number>();
  for (const { phase, from, to } of spans) times.set(phase, (times.get(phase) ?? 0) + to - from);
  return times;
}
