import { columnsOf, fitWidth, maxColumnsOf } from "./fit-width.js";
import type { Style } from "./style.js";

/** A cell: its text, already escaped, and how it looks. */
export interface Cell {
  text: string;
  paint?: (text: string) => string;
}

export interface Column {
  heading: string;
  /** How many columns of the terminal its cells may be shortened to. Default: they are not shortened. */
  least?: number;
}

const gap = 2;

/**
 * Lays out rows with aligned columns under a heading. Does not pad the last column.
 *
 * @param width what a line must fit into: shortens the widest cells that may be shortened and, if that is not enough,
 *   leaves out columns from the right
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: Style,
  width = Infinity,
): string {
  const all = [columns.map(({ heading }): Cell => ({ text: heading, paint: style.dim })), ...rows];
  const widths = fitColumns(
    columns.map((column, index) => {
      const natural = maxColumnsOf(all.map((row) => row[index]?.text ?? ""));
      return { natural, least: Math.min(natural, column.least ?? natural) };
    }),
    width,
  );
  return all
    .map((row) =>
      widths
        .map((columnWidth, index) => {
          const { text, paint } = row[index] ?? { text: "" };
          const fitting = fitWidth(text, columnWidth, style.symbols.cut);
          const padding = index === widths.length - 1 ? 0 : columnWidth - columnsOf(fitting);
          return (paint?.(fitting) ?? fitting) + " ".repeat(padding);
        })
        .join(" ".repeat(gap))
        .trimEnd(),
    )
    .join("\n");
}

/** Returns the widths of as many columns as fit, at least the first one. */
function fitColumns(columns: readonly { natural: number; least: number }[], width: number): number[] {
  const widths = columns.map(({ natural }) => natural);
  for (;;) {
    const over = widths.reduce((sum, each) => sum + gap + each, -gap) - width;
    if (over <= 0) return widths;
    const spare = widths.map((each, index) => (each > (columns[index]?.least ?? 0) ? each : 0));
    const widest = spare.indexOf(Math.max(...spare));
    if (spare[widest]) widths[widest] = (widths[widest] ?? 0) - 1;
    else if (widths.length === 1) return [Math.max(0, width)];
    else return fitColumns(columns.slice(0, -1), width);
  }
}

/** Lays out names and values in two aligned columns. */
export function fieldList(fields: readonly (readonly [string, string])[], style: Style): string {
  const width = maxColumnsOf(fields.map(([name]) => name));
  return fields.map(([name, value]) => `${style.dim(name.padEnd(width))}  ${value}`).join("\n");
}
