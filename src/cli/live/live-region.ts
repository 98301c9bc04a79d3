import type { RunView } from "../../client/index.js";
import { silentMs } from "../describe/blockers.js";
import { formatRunningTime } from "../describe/duration.js";
import { columnsOf, fitWidth } from "../terminal/fit-width.js";
import { renderStatus, type RenderContext } from "../tree/render-node.js";
import type { NodeCounts } from "../describe/count-nodes.js";
import { progressOf, runTree, type FrameGroup, type RunGroup, type RunTask } from "../tree/run-tree.js";
import type { Style } from "../terminal/style.js";
import { groupWords, lineBelow, treeLines } from "../tree/tree-lines.js";
import { treeRows, type TreeRow } from "../tree/tree-rows.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** What to draw of a run; valid until its view, the frame or the window's height changes. */
export interface LiveRegion {
  readonly tree: RunGroup;
  readonly rows: readonly TreeRow[];
  readonly progress: NodeCounts;
  readonly hasMargin: boolean;
  /** How many more lines there is room for. */
  readonly spare: number;
}

/** Chooses what to show of a run in at most `most` lines, at least one. */
export function liveRegion(view: RunView, frame: FrameGroup | undefined, most: number): LiveRegion {
  const tree = runTree(frame, view);
  const hasMargin = most >= 12;
  const room = Math.max(0, most - (hasMargin ? 2 : 1));
  const rows = treeRows(tree, view, room);
  return { tree, rows, progress: progressOf(tree, view), hasMargin, spare: room - rows.length };
}

/**
 * Returns the region's lines at this moment, each no wider than the style's width.
 *
 * @param lastLineOf returns the last line that a node has printed, to show below executing nodes if there is room
 */
export function liveRegionLines(
  { tree, rows, progress, hasMargin, spare }: LiveRegion,
  context: RenderContext,
  lastLineOf: (node: RunTask) => string = () => "",
): string[] {
  const lines = treeLines(rows, context);
  let left = spare;
  const withOutput = lines.flatMap((line, index) => {
    const row = rows[index];
    if (left === 0 || row?.item.kind !== "task" || row.item.node?.state !== "in-progress") return line;
    const text = lastLineOf(row.item);
    if (text === "") return line;
    left--;
    return [line, lineBelow(row, text, context.style)];
  });
  return [...(hasMargin ? [""] : []), headLine(tree, progress, context), ...withOutput];
}

/** The progress bar's maximum and minimum width. With less room, there is no bar. */
const maxBar = 24;
const minBar = 8;
/** The minimum number of columns for a run's name. */
const minName = 8;

/** Returns the line of the run itself: its name, status, time, and how many of its nodes are done. */
function headLine(tree: RunGroup, progress: NodeCounts, context: RenderContext): string {
  const { view, now, style } = context;
  const { width, symbols } = style;
  const { symbol, paint } = renderStatus(view.status, context);
  const status = view.status === "unknown" ? "connecting" : escapeControls(view.status);
  const time = view.startedAtMs === null ? "" : `  ${formatRunningTime(now - view.startedAtMs)}`;
  const failed = progress.failed === 0 ? "" : `, ${progress.failed} failed`;
  const quiet = now - (view.updatedAtMs ?? now);
  const isSilent = view.status === "running" && quiet >= silentMs;
  const silent = isSilent ? `, no event for ${formatRunningTime(quiet)}` : "";
  const left = width - columnsOf(`${symbol}   ${status}${time}${failed}${silent}`);
  const { name, done } = nameAndCount(tree, progress, context, left);
  const room = Math.min(maxBar, left - columnsOf(name + done) - 2);
  const bar = room < minBar || done === "" ? "" : `  ${progressBar(progress, room, style)}`;
  return paintLine(
    [
      [`${symbol} `, paint],
      [name, style.bold],
      [`  ${status}`, paint],
      [time, (text) => text + bar],
      [done, style.dim],
      [failed, style.red],
      [silent, style.yellow],
    ],
    width,
    symbols.cut,
  );
}

/** Returns the run's name and how many of its nodes are done. If room is short, drops what says least first. */
function nameAndCount(
  tree: RunGroup,
  { done, known }: NodeCounts,
  { view, style }: RenderContext,
  room: number,
): { name: string; done: string } {
  const name = tree.name || `run ${escapeControls(view.runId)}`;
  if (known === 0) return { name: fitWidth(name, Math.max(minName, room), style.symbols.cut), done: "" };
  const inner = tree.within ? ` ${style.symbols.within} ${groupWords(tree.within, style)}` : "";
  const words = `  ${done} of ${known} nodes done`;
  for (const whole of [name + inner, name]) {
    if (columnsOf(whole + words) <= room) return { name: whole, done: words };
  }
  const short = `  ${done}/${known}`;
  return {
    name: fitWidth(name, Math.max(minName, room - columnsOf(short)), style.symbols.cut),
    done: short,
  };
}

/** Joins the parts and cuts them at the end of the line. */
function paintLine(
  parts: readonly (readonly [text: string, paint: (text: string) => string])[],
  width: number,
  cut: string,
): string {
  let left = width;
  return parts
    .map(([text, paint]) => {
      const fitting = fitWidth(text, left, cut);
      left -= columnsOf(fitting);
      return fitting === "" ? "" : paint(fitting);
    })
    .join("");
}

function progressBar({ known, done, failed, running }: NodeCounts, width: number, style: Style): string {
  const { symbols, green, red, cyan, dim } = style;
  // A kind that occurs is always visible, however many nodes there are of the others.
  const share = (count: number) => (count === 0 ? 0 : Math.max(1, Math.floor((count / known) * width)));
  let left = width;
  const piece = (count: number, paint: (text: string) => string, symbol = symbols.bar): string => {
    const size = Math.min(left, count);
    left -= size;
    return size === 0 ? "" : paint(symbol.repeat(size));
  };
  return (
    piece(share(failed), red) +
    piece(share(done), green) +
    piece(share(running), cyan, symbols.barRunning) +
    piece(width, dim, symbols.barRest)
  );
}
