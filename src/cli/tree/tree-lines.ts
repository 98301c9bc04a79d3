import { columnsOf, fitWidth, maxColumnsOf } from "../terminal/fit-width.js";
import type { Category } from "../status-table.js";
import { categoryStyle, renderNode, type RenderContext } from "./render-node.js";
import type { RunTask } from "./run-tree.js";
import type { Container, Rest, TreeRow } from "./tree-rows.js";
import type { Style } from "../terminal/style.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Names are aligned up to this width. A longer one pushes only its own text aside. */
const widestColumn = 40;
/** The minimum number of columns for a name. */
const minName = 4;

/** Returns the rows as lines that fit the style's width: guides, a symbol, the name, and further text. */
export function treeLines(rows: readonly TreeRow[], context: RenderContext): string[] {
  const { style } = context;
  const cells = rows.map((row) => cellsOf(row, context));
  // If there is little room, the name gives way: what happens matters, and a prefix is enough to know the name.
  const room = style.width === Infinity ? Infinity : Math.max(8, Math.floor(style.width * 0.55));
  const column = Math.min(
    room,
    widestColumn,
    maxColumnsOf(cells.map(({ guide, mark, name, words }) => (words === "" ? "" : guide + mark + name))),
  );
  return cells.map(({ guide, mark, name, words, paintMark, paintName, paintWords }) => {
    // A name keeps a few columns, however deep it is.
    let left = style.width;
    const take = (text: string, most: number, cut = style.symbols.cut): string => {
      const taken = fitWidth(text, Math.max(0, Math.min(most, left)), cut);
      left -= columnsOf(taken);
      return taken;
    };
    const shownGuide = take(guide, room - columnsOf(mark) - minName, "");
    const shownMark = take(mark, left, "");
    const shownName = take(name, Math.max(minName, room - columnsOf(shownGuide + shownMark)));
    const used = columnsOf(shownGuide + shownMark + shownName);
    const head = style.dim(shownGuide) + paintMark(shownMark) + paintName(shownName);
    const gap = " ".repeat(Math.max(0, column - used) + 2);
    if (words === "" || left <= gap.length) return head;
    left -= gap.length;
    return head + gap + paintWords(take(words, left));
  });
}

/** Returns a dimmed line with further text, to show below a node's row. */
export function lineBelow({ lasts }: TreeRow, text: string, style: Style): string {
  const { symbols, plain } = style;
  const guide = lasts.map((isLast) => (plain ? "  " : isLast ? "   " : symbols.trunk)).join("");
  return style.dim(fitWidth(`${guide}  ${text}`, style.width, symbols.cut));
}

interface Cells {
  guide: string;
  mark: string;
  name: string;
  words: string;
  paintMark: (text: string) => string;
  paintName: (text: string) => string;
  paintWords: (text: string) => string;
}

function cellsOf({ item, lasts }: TreeRow, context: RenderContext): Cells {
  const { style } = context;
  const guide = guideOf(lasts, style);
  if (item.kind === "group") {
    const name = groupWords(item, style);
    return { guide, mark: "", name, words: "", paintMark: asIs, paintName: style.dim, paintWords: asIs };
  }
  if (item.kind === "rest") {
    const only = item.counts.size === 1 ? [...item.counts.keys()][0] : undefined;
    const { symbol, paint } = only
      ? categoryStyle(only, context)
      : { symbol: style.symbols.several, paint: style.dim };
    const counts = countWords(item);
    return {
      guide,
      mark: `${symbol} `,
      name: item.group === undefined ? counts : groupWords(item.group, style),
      words: item.group === undefined ? "" : counts,
      paintMark: paint,
      paintName: style.dim,
      paintWords: style.dim,
    };
  }
  const { symbol, paint, words } = renderNode(item, context);
  const isQuiet = symbol === style.symbols.done || symbol === style.symbols.pending;
  return {
    guide,
    mark: `${symbol} `,
    name: taskName(item),
    words,
    paintMark: paint,
    paintName: isQuiet ? asIs : style.bold,
    paintWords: isQuiet ? style.dim : paint,
  };
}

const asIs = (text: string) => text;

/** Returns a node's name, the same as in the lines of its events. */
function taskName(task: RunTask): string {
  // An empty name would be invisible between the symbol and the text.
  const name = escapeControls(task.nodeId) || "''";
  return task.isInLoop || task.iteration > 0 ? `${name} #${task.iteration}` : name;
}

/** Describes a container and those that share its line: the kind of each, its name, and a loop's iteration. */
export function groupWords(group: Container, style: Style): string {
  const { what, name, iteration, within } = group;
  const words = [what, name, iteration === undefined ? "" : `(iteration ${iteration})`]
    .filter((word) => word !== "")
    .join(" ");
  return within === undefined ? words : `${words} ${style.symbols.within} ${groupWords(within, style)}`;
}

function guideOf(lasts: readonly boolean[], { symbols, plain }: Style): string {
  if (plain) return "  ".repeat(lasts.length);
  return lasts
    .map((isLast, level) => {
      if (level === lasts.length - 1) return isLast ? symbols.lastBranch : symbols.branch;
      return isLast ? "   " : symbols.trunk;
    })
    .join("");
}

const categoryWords: Record<Category, string> = {
  failed: "failed",
  waiting: "waiting",
  running: "running",
  done: "done",
  cancelled: "cancelled",
  pending: "to come",
};

/** Returns the counts as text, such as `3 failed, 120 done, 77 to come`. */
function countWords({ counts }: Rest): string {
  return (Object.keys(categoryWords) as Category[])
    .filter((category) => counts.has(category))
    .map((category) => `${counts.get(category)} ${categoryWords[category]}`)
    .join(", ");
}
