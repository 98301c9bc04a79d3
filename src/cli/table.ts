import stringWidth from "string-width";
import type { Style } from "./style.js";

/** A cell: what it says, made safe already, and how it looks. */
export interface Cell {
  text: string;
  paint?: (text: string) => string;
}

/** Rows with their columns aligned, under a heading. The last column is not padded. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[], style: Style): string {
  const heading = headings.map((text): Cell => ({ text, paint: style.dim }));
  const all = [heading, ...rows];
  const widths = headings.map((_, column) =>
    Math.max(...all.map((row) => stringWidth(row[column]?.text ?? ""))),
  );
  return all
    .map((row) =>
      row
        .map(({ text, paint }, column) => {
          const padding =
            column === row.length - 1 ? "" : " ".repeat((widths[column] ?? 0) - stringWidth(text));
          return (paint?.(text) ?? text) + padding;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Names and values in two aligned columns. */
export function fieldList(fields: readonly (readonly [string, string])[], style: Style): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.map(([name, value]) => `${style.dim(name.padEnd(width))}  ${value}`).join("\n");
}
