import { formatDuration } from "../describe/duration.js";
import { nodeCategory } from "../status-table.js";
import { columnsOf, fitWidth, maxColumnsOf } from "../terminal/fit-width.js";
import type { Style } from "../terminal/style.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { phaseTimes, totalMs, type ChartRow } from "./fold.js";
import { criticalMs, endOf, isCritical, startOf, type Phase, type Timeline } from "./timeline.js";

/** The width of a chart if there is no terminal to fit into. */
const defaultWidth = 100;
/** Names take at most this share of the width. */
const maxNameShare = 0.4;
/** The minimum number of columns between two times on the axis. */
const minTick = 9;
/** From this width on, a row says as text how long each phase took. */
const wordyWidth = 120;

export const phaseWords: Readonly<Record<Phase, string>> = {
  executing: "executing",
  queued: "queued",
  approval: "waiting for approval",
  waiting: "waiting",
};

/** If a row was in several phases during the time of a cell, the cell shows the last of these. */
const phaseOrder: readonly Phase[] = ["queued", "waiting", "approval", "executing"];

type Paint = (text: string) => string;

/** Draws the timeline as a chart that fits the style's width: an axis, the rows, and a legend. */
export function chartLines(timeline: Timeline, rows: readonly ChartRow[], style: Style): string[] {
  if (timeline.startedAt === null || rows.length === 0) return [];
  if (style.plain) return rows.map((row) => sentence(row, timeline.startedAt ?? 0));
  const width = style.width === Infinity ? defaultWidth : style.width;
  const names = rows.map((row) => nameOf(row));
  const durations = rows.map((row) => formatDuration(totalMs(row)));
  const words = width < wordyWidth ? [] : rows.map(durationWords);
  const nameWidth = Math.min(maxColumnsOf(names), Math.max(4, Math.floor(width * maxNameShare)));
  const endWidth = Math.max(...durations.map((text) => text.length));
  const wordsWidth = words.length === 0 ? 0 : maxColumnsOf(words) + 2;
  const barWidth = Math.max(4, width - markWidth - nameWidth - 2 - 1 - endWidth - wordsWidth);
  const scale = { from: timeline.startedAt, ms: Math.max(1, timeline.endsAt - timeline.startedAt), barWidth };
  const lines = rows.map((row, index) => {
    const name = fitName(row, nameWidth, style.symbols.cut);
    const padding = " ".repeat(Math.max(0, nameWidth - columnsOf(name)));
    const mark = isCritical(row) ? style.bold("* ") : "  ";
    const shownName = isCritical(row) ? style.bold(name) : name;
    const duration = (durations[index] ?? "").padStart(endWidth);
    const rest = words.length === 0 ? "" : `  ${style.dim(words[index] ?? "")}`;
    return `${mark}${shownName}${padding}  ${barOf(row, scale, style)} ${duration}${rest}`.trimEnd();
  });
  const axis = " ".repeat(markWidth + nameWidth + 2) + style.dim(axisOf(scale, style));
  return [axis, ...lines, "", ...legend(timeline, rows, style, width)];
}

/** The width of the mark before a row of the longest chain. */
const markWidth = 2;

interface Scale {
  from: number;
  ms: number;
  barWidth: number;
}

/** Returns a row's name with its distinguishing detail, escaped. */
export function nameOf({ nodeId, detail }: Pick<ChartRow, "nodeId" | "detail">): string {
  const name = escapeControls(nodeId) || "''";
  return detail === "" ? name : `${name} (${detail})`;
}

/** Fits the name into this many columns. Cuts the id first, because the detail distinguishes the rows. */
function fitName(row: ChartRow, columns: number, cut: string): string {
  const name = nameOf(row);
  if (columnsOf(name) <= columns || row.detail === "") return fitWidth(name, columns, cut);
  const detail = ` (${row.detail})`;
  const id = fitWidth(escapeControls(row.nodeId), Math.max(2, columns - detail.length), cut);
  return fitWidth(id + detail, columns, cut);
}

function barOf(row: ChartRow, { from, ms, barWidth }: Scale, style: Style): string {
  const cells = new Array<Phase | undefined>(barWidth).fill(undefined);
  const columnAt = (time: number) =>
    Math.max(0, Math.min(barWidth, Math.round(((time - from) / ms) * barWidth)));
  for (const phase of phaseOrder) {
    for (const span of row.spans) {
      if (span.phase !== phase) continue;
      const first = Math.min(columnAt(span.from), barWidth - 1);
      // It is always visible that the node executed, however briefly.
      const end = Math.max(columnAt(span.to), phase === "executing" ? first + 1 : 0);
      cells.fill(phase, first, end);
    }
  }
  let bar = "";
  for (let column = 0; column < barWidth;) {
    const phase = cells[column];
    let end = column + 1;
    while (end < barWidth && cells[end] === phase) end++;
    const [symbol, paint] = phase === undefined ? [" ", asIs] : phaseStyle(phase, row.state, style);
    bar += paint(symbol.repeat(end - column));
    column = end;
  }
  return bar;
}

const asIs: Paint = (text) => text;

function phaseStyle(phase: Phase, state: string, style: Style): [symbol: string, paint: Paint] {
  const { symbols, red, green, cyan, yellow, magenta, dim } = style;
  switch (phase) {
    case "queued":
      return [symbols.spanQueued, dim];
    case "approval":
      return [symbols.waiting, yellow];
    case "waiting":
      return [symbols.spanWaiting, magenta];
    case "executing": {
      const category = state === "executing" ? "running" : nodeCategory(state);
      return [symbols.spanExecuting, category === "failed" ? red : category === "done" ? green : cyan];
    }
  }
}

const tickSteps = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat(
  [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400].map(
    (seconds) => seconds * 1000,
  ),
);

/** Draws the axis: a stroke and the time since the run's start, as often as there is room. */
function axisOf({ ms, barWidth }: Scale, { symbols }: Style): string {
  const minStep = (ms * minTick) / barWidth;
  const step = tickSteps.find((each) => each >= minStep) ?? Math.ceil(minStep / 86_400_000) * 86_400_000;
  const stroke = symbols.trunk.trim();
  let axis = "";
  for (let at = 0; at <= ms; at += step) {
    const column = Math.round((at / ms) * barWidth);
    const label = stroke + tickLabel(at);
    if (column < axis.length || column + label.length > barWidth + 1) continue;
    axis = axis.padEnd(column) + label;
  }
  return axis;
}

function tickLabel(ms: number): string {
  if (ms > 0 && ms < 1000) return `${ms}ms`;
  return formatDuration(ms)
    .replace(/\.0s$/, "s")
    .replace(/ 00[sm]$/, "");
}

/**
 * Returns how long the phases of at least 50 ms took, such as `approval 5.0s, executing 0.3s`; empty for fewer than
 * two.
 */
function durationWords(row: ChartRow): string {
  const times = [...phaseTimes(row)].filter(([, ms]) => ms >= 50);
  return times.length < 2 ? "" : times.map(([phase, ms]) => `${phase} ${formatDuration(ms)}`).join(", ");
}

function legend(timeline: Timeline, rows: readonly ChartRow[], style: Style, width: number): string[] {
  const phases = new Set(rows.flatMap(({ spans }) => spans.map(({ phase }) => phase)));
  const shown = (["executing", "queued", "approval", "waiting"] as const).filter((phase) =>
    phases.has(phase),
  );
  const parts = shown.map((phase) => {
    const [symbol, paint] = phaseStyle(phase, "finished", style);
    return { length: phaseWords[phase].length + 2, text: `${paint(symbol)} ${phaseWords[phase]}` };
  });
  const whole = timeline.endsAt - (timeline.startedAt ?? 0);
  const chain = `* longest chain: ${formatDuration(criticalMs(timeline))} of ${formatDuration(whole)}`;
  parts.push({ length: chain.length, text: chain });
  const lines: { length: number; text: string }[] = [];
  for (const { length, text } of parts) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 3 + length > width) lines.push({ length, text });
    else Object.assign(last, { length: last.length + 3 + length, text: `${last.text}   ${text}` });
  }
  return lines.map(({ text }) => text);
}

/** Returns the row as a sentence, for screen readers. */
function sentence(row: ChartRow, startedAt: number): string {
  const times = [...phaseTimes(row)].map(([phase, ms]) => `${phaseWords[phase]} ${formatDuration(ms)}`);
  const after = `from ${formatDuration(startOf(row) - startedAt)} to ${formatDuration(endOf(row) - startedAt)}`;
  const chain = isCritical(row) ? ", in the longest chain" : "";
  return `${nameOf(row)}: ${escapeControls(row.state)}, ${after}, ${times.join(", ")}${chain}`;
}
