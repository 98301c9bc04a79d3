import { columnsOf, maxColumnsOf } from "../terminal/fit-width.js";
import type { Style } from "../terminal/style.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Says whose a line is, where several runs are told of side by side. */
export interface RunLabel {
  runId: string;
  /** The beginning of the run's id, made visible, with spaces up to the width that the labels share. */
  text: string;
  /** Its place among them, which decides its colour. */
  order: number;
}

/** Shorter ones say little, and soon mean several runs when they are typed. */
const defaultMin = 4;

/** For each run the shortest beginning of its id that tells it from the others, of at least `min` characters. */
export function runLabels(runIds: readonly string[], min = defaultMin): RunLabel[] {
  const sorted = runIds.map((runId) => [...runId]).sort((a, b) => (a.join("") < b.join("") ? -1 : 1));
  const names = new Map(
    sorted.map((id, index) => {
      // In this order nobody has more in common with it than one of its neighbours.
      const shared = Math.max(inCommon(id, sorted[index - 1]), inCommon(id, sorted[index + 1]));
      return [id.join(""), escapeControls(id.slice(0, Math.max(min, shared + 1)).join(""))];
    }),
  );
  const width = maxColumnsOf([...names.values()]);
  return runIds.map((runId, order) => {
    const name = names.get(runId) ?? "";
    return { runId, text: name + " ".repeat(width - columnsOf(name)), order };
  });
}

/** The label in the colour of its run: any but red, which says that something failed. */
export function paintLabel({ text, order }: RunLabel, { cyan, magenta, yellow, green }: Style): string {
  const colors = [cyan, magenta, yellow, green];
  return (colors[order % colors.length] ?? cyan)(text);
}

function inCommon(id: readonly string[], other: readonly string[] = []): number {
  const differs = id.findIndex((character, index) => character !== other[index]);
  return differs === -1 ? id.length : differs;
}
