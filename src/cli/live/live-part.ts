import type { RunView } from "../../client/index.js";
import { formatRunningTime } from "../duration.js";
import { columnsOf, fitWidth } from "../fit-width.js";
import { statusLook, type Look } from "../node-look.js";
import { progressOf, runTree, type FrameGroup, type Progress, type RunGroup } from "../run-tree.js";
import { groupWords, treeLines } from "../tree-lines.js";
import { treeRows, type TreeRow } from "../tree-rows.js";
import { visibleText } from "../visible-text.js";

/** What is drawn of a run as it stands; good until its view, the frame or the window's height changes. */
export interface LivePart {
  readonly tree: RunGroup;
  readonly rows: readonly TreeRow[];
  readonly progress: Progress;
  readonly hasMargin: boolean;
}

/** Chooses what to show of a run in at most so many lines, at least one. */
export function livePart(view: RunView, frame: FrameGroup | undefined, most: number): LivePart {
  const tree = runTree(frame, view);
  const hasMargin = most >= 12;
  const rows = treeRows(tree, view, Math.max(0, most - (hasMargin ? 2 : 1)));
  return { tree, rows, progress: progressOf(tree, view), hasMargin };
}

/** Its lines at this moment, each no wider than the style's width. */
export function livePartLines({ tree, rows, progress, hasMargin }: LivePart, look: Look): string[] {
  return [...(hasMargin ? [""] : []), headLine(tree, progress, look), ...treeLines(rows, look)];
}

/** After so many milliseconds without an event it is told that a run which executes is silent. */
const silentMs = 60_000;
/** The progress bar is as wide as there is room for, between these; with less room there is none. */
const widestBar = 24;
const narrowestBar = 8;

/** The run itself: its name, status, time, and how many of its nodes are done. */
function headLine(tree: RunGroup, progress: Progress, look: Look): string {
  const { view, now, style } = look;
  const { symbol, paint } = statusLook(view.status, look);
  const status = view.status === "unknown" ? "connecting" : visibleText(view.status);
  const time = view.startedAtMs === null ? "" : `  ${formatRunningTime(now - view.startedAtMs)}`;
  const failed = progress.failed === 0 ? "" : `, ${progress.failed} failed`;
  const counts = [`${progress.done} of ${progress.known} nodes done`, `${progress.done}/${progress.known}`];
  const inner = tree.within && ` ${style.symbols.within} ${groupWords(tree.within, style)}`;
  const quiet = now - (view.updatedAtMs ?? now);
  const silent =
    view.status === "running" && quiet >= silentMs ? `, no event for ${formatRunningTime(quiet)}` : "";
  const fixed = columnsOf(`${symbol}   ${status}${time}  ${failed}${silent}`);
  // What says least goes first where there is no room for all.
  const [name = "", done = ""] = [
    [runName(tree, view) + (inner ?? ""), counts[0]],
    [runName(tree, view), counts[0]],
  ].find((words) => fixed + columnsOf(words.join("")) <= style.width) ?? [
    fitWidth(runName(tree, view), Math.max(8, style.width - fixed - 6), style.symbols.cut),
    counts[1],
  ];
  const room = Math.min(widestBar, style.width - fixed - columnsOf(name + done) - 2);
  const bar = room < narrowestBar ? "" : `  ${progressBar(progress, room, look)}`;
  let left = style.width;
  return [
    { text: `${symbol} `, paint },
    { text: name, paint: style.bold },
    { text: `  ${status}`, paint },
    { text: time, paint: (text: string) => text + bar },
    { text: `  ${done}`, paint: style.dim },
    { text: failed, paint: style.red },
    { text: silent, paint: style.yellow },
  ]
    .map((part) => {
      const text = fitWidth(part.text, left, style.symbols.cut);
      left -= columnsOf(text);
      return text === "" ? "" : part.paint(text);
    })
    .join("");
}

function runName(tree: RunGroup, view: RunView): string {
  return tree.name === "" ? `run ${visibleText(view.runId)}` : tree.name;
}

function progressBar({ known, done, failed, running }: Progress, width: number, { style }: Look): string {
  const { symbols, green, red, cyan, dim } = style;
  // What there is of a kind is seen, however many there are of the others.
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
