import type { Category } from "../status-table.js";
import { fitWidth, maxColumnsOf } from "../terminal/fit-width.js";
import type { Style } from "../terminal/style.js";
import { table, type Cell } from "../terminal/table.js";
import { categoryStyle } from "../tree/render-node.js";
import type { RunFacts } from "./run-facts.js";

/** A run in the table. All texts are escaped. */
export interface TableRow {
  facts: RunFacts;
  /** A prefix of its id; `paintLabel` gives it the color of the run's notes. */
  label: string;
  paintLabel: (text: string) => string;
  /** The names of its approvals that can be decided here. */
  approvals: readonly string[];
  /** The one of them that is selected, with what it asks; `undefined` if none of them is. */
  selected: string | undefined;
}

export interface TableContext {
  /** By the server's clock, in milliseconds since 1970. */
  now: number;
  style: Style;
  spinner: string;
}

/** With at least this many lines, there is room for headings and a blank line above. */
const minWithMargin = 12;

/**
 * Returns the table in at most `most` lines, at least two, each no wider than the style's width: the runs in order, and
 * below them how many there are. If there is no room for all, keeps those that need a person's attention most.
 *
 * @param hint what the user can do; empty if nothing
 */
export function runTable(
  rows: readonly TableRow[],
  hint: string,
  context: TableContext,
  most: number,
): string[] {
  const { style } = context;
  const hasMargin = most >= minWithMargin;
  const footer = hint === "" ? 1 : 2;
  const room = Math.max(1, most - footer - (hasMargin ? 2 : 0));
  const shown = mostUrgent(rows, room);
  const lines = shown.length === 0 ? [] : tableLines(shown, context);
  return [
    ...(hasMargin ? ["", ...lines] : lines.slice(1)),
    style.dim(fitWidth(totals(rows, rows.length - shown.length), style.width, style.symbols.cut)),
    ...(hint === "" ? [] : [style.bold(fitWidth(hint, style.width, style.symbols.cut))]),
  ].slice(-Math.max(most, 2));
}

/** What to show first if there is no room for all. */
const byUrgency: readonly Category[] = ["waiting", "failed", "running", "pending", "cancelled", "done"];

function mostUrgent(rows: readonly TableRow[], most: number): readonly TableRow[] {
  if (rows.length <= most) return rows;
  const rank = ({ facts, approvals, selected }: TableRow) =>
    selected !== undefined ? -2 : approvals.length > 0 ? -1 : byUrgency.indexOf(facts.category);
  const ranked = rows.map((row, index) => ({ row, index, rank: rank(row) }));
  // Among equally urgent runs, the newest first.
  ranked.sort((one, other) => one.rank - other.rank || other.index - one.index);
  const chosen = new Set(ranked.slice(0, most).map(({ row }) => row));
  return rows.filter((row) => chosen.has(row));
}

/** If a workflow's name or the last column would have fewer columns than this, other columns give way. */
const minWorkflow = 10;
const minNow = 16;
/** The length of `waiting-approval`; a server may have longer ones. */
const maxStatus = 16;
const gap = 2;

function tableLines(rows: readonly TableRow[], context: TableContext): string[] {
  const { style, now } = context;
  const { width, symbols } = style;
  const cells = rows.map(({ facts, label, approvals, selected, ...row }) => {
    const { symbol, paint } = categoryStyle(facts.category, context);
    const { done, known, failed } = facts.counts;
    const silence = facts.silence(now);
    const waits = [...approvals].sort((a) => (a === selected ? -1 : 0)).join(", ");
    const isBad = facts.category === "failed";
    return {
      mark: selected === undefined ? " " : symbols.within,
      label: { text: label, paint: selected === undefined ? row.paintLabel : style.bold },
      status: { text: fitWidth(facts.status, maxStatus, symbols.cut), symbol, paint },
      workflow: { text: fitWidth(facts.workflow, width, symbols.cut) },
      done: { text: known === 0 ? "" : `${done}/${known}`, paint: failed > 0 ? style.red : style.dim },
      time: { text: facts.time(now) },
      now: {
        text: fitWidth([silence, waits || facts.now].filter(Boolean).join(", "), width, symbols.cut),
        paint: isBad ? style.red : silence !== "" || waits !== "" ? style.yellow : undefined,
      },
    };
  });
  const widthOf = (texts: string[], heading: string, most = Infinity) =>
    Math.min(most, Math.max(heading.length, maxColumnsOf(texts)));
  const widths = [
    1 +
      widthOf(
        cells.map(({ label }) => label.text),
        "RUN",
      ),
    2 +
      widthOf(
        cells.map(({ status }) => status.text),
        "STATUS",
      ),
    widthOf(
      cells.map(({ workflow }) => workflow.text),
      "WORKFLOW",
      minWorkflow,
    ),
    widthOf(
      cells.map(({ done }) => done.text),
      "DONE",
    ),
    widthOf(
      cells.map(({ time }) => time.text),
      "TIME",
    ),
    widthOf(
      cells.map(({ now: doing }) => doing.text),
      "NOW",
      minNow,
    ),
  ];
  // Without room for the status as text, show only its symbol.
  const hasWords = widths.reduce((sum, each) => sum + gap + each, -gap) <= width;
  return table(
    [
      { heading: " RUN" },
      { heading: hasWords ? "STATUS" : "" },
      { heading: "WORKFLOW", least: 8 },
      { heading: "DONE" },
      { heading: "TIME" },
      { heading: "NOW", least: minNow },
    ],
    cells.map(({ mark, label, status, workflow, done, time, now: doing }) => [
      cell({ text: mark + label.text, paint: label.paint }),
      cell({ text: hasWords ? `${status.symbol} ${status.text}` : status.symbol, paint: status.paint }),
      cell(workflow),
      cell(done),
      cell(time),
      cell(doing),
    ]),
    style,
    width,
  ).split("\n");
}

function cell({ text, paint }: { text: string; paint?: Cell["paint"] | undefined }): Cell {
  return paint === undefined ? { text } : { text, paint };
}

/** Returns how many runs there are, in total and of each kind. */
function totals(rows: readonly TableRow[], hidden: number): string {
  if (rows.length === 0) return "no run is in progress";
  const counts = new Map<string, number>();
  for (const { facts } of rows) {
    const word = wordFor(facts);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const each = [...counts].map(([word, count]) => `${count} ${word}`).join(", ");
  const runs = rows.length === 1 ? "1 run" : `${rows.length} runs`;
  return `${runs}${hidden === 0 ? "" : `, ${hidden} not shown`}: ${each}`;
}

function wordFor({ category, status }: RunFacts): string {
  if (category === "done") return "finished";
  return category === "pending" || status === "lost" ? status : category;
}
