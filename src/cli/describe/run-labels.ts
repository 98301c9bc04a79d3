import { columnsOf, maxColumnsOf } from "../terminal/fit-width.js";
import type { Style } from "../terminal/style.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Shows which run a line is about when several are followed at once. */
export interface RunLabel {
  runId: string;
  /** A prefix of the run's id, escaped and padded with spaces to the width that all labels share. */
  text: string;
  /** The run's position among those that are followed, which determines its color. */
  order: number;
}

/** Ids that a server generates nearly always differ within this length; others stay recognizable. */
const minLength = 8;

/** Returns a label for each run: the shortest unique prefix of its id, at least eight characters long. */
export function runLabels(runIds: readonly string[]): RunLabel[] {
  const sorted = runIds.map((runId) => [...runId]).sort((a, b) => (a.join("") < b.join("") ? -1 : 1));
  const names = new Map(
    sorted.map((id, index) => {
      // In sorted order, the longest common prefix is with one of the neighbors.
      const shared = Math.max(inCommon(id, sorted[index - 1]), inCommon(id, sorted[index + 1]));
      return [id.join(""), escapeControls(id.slice(0, Math.max(minLength, shared + 1)).join(""))];
    }),
  );
  const width = maxColumnsOf([...names.values()]);
  return runIds.map((runId, order) => {
    const name = names.get(runId) ?? "";
    return { runId, text: name + " ".repeat(width - columnsOf(name)), order };
  });
}

/** Returns the label in the color of its run. */
export function paintLabel(label: RunLabel, style: Style): string {
  return labelPaint(label, style)(label.text);
}

/** Returns the color of a run: any but red, which means that something failed. */
export function labelPaint(
  { order }: RunLabel,
  { cyan, magenta, yellow, green }: Style,
): (text: string) => string {
  const colors = [cyan, magenta, yellow, green];
  return colors[order % colors.length] ?? cyan;
}

function inCommon(id: readonly string[], other: readonly string[] = []): number {
  const differs = id.findIndex((character, index) => character !== other[index]);
  return differs === -1 ? id.length : differs;
}
