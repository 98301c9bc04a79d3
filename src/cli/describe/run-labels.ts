import { columnsOf, maxColumnsOf } from "../terminal/fit-width.js";
import type { Style } from "../terminal/style.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Says which run a line is about, when several are followed at once. */
export interface RunLabel {
  runId: string;
  /** The beginning of the run's id, made visible, with spaces up to the width that the labels share. */
  text: string;
  /** Its place among them, which decides its colour. */
  order: number;
}

/** Ids that a server makes up nearly always differ within these, and of others a person sees what they are. */
const minLength = 8;

/** For each run the shortest unique prefix of its id, of eight characters at least. */
export function runLabels(runIds: readonly string[]): RunLabel[] {
  const sorted = runIds.map((runId) => [...runId]).sort((a, b) => (a.join("") < b.join("") ? -1 : 1));
  const names = new Map(
    sorted.map((id, index) => {
      // In this order nobody has more in common with it than one of its neighbours.
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

/** The label in the colour of its run. */
export function paintLabel(label: RunLabel, style: Style): string {
  return labelPaint(label, style)(label.text);
}

/** The colour of a run: any but red, which says that something failed. */
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
