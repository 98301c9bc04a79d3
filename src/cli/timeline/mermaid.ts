import { fitWidth } from "../terminal/fit-width.js";
import type { ChartRow } from "./fold.js";
import { endOf, isCritical, startOf, type Span, type Timeline } from "./timeline.js";

/** GitHub does not draw a diagram of more than 50,000 characters. */
const maxLength = 40_000;
/** A diagram with more rows is not readable. */
const maxRows = 100;
const maxName = 40;
/** A folded loop has one task for each of its spans. */
const maxTasks = 50;

/** How the phases look. `crit` is reserved for the longest chain. */
const tags: Readonly<Record<Span["phase"], string>> = {
  queued: "done",
  approval: "active",
  waiting: "active",
  executing: "",
};

/** Returns the lines of a Mermaid `gantt` block in a Markdown document, and how many rows it leaves out. */
export function mermaidGantt(
  timeline: Timeline,
  rows: readonly ChartRow[],
): { lines: string[]; leftOut: number } {
  const sections: string[][] = [];
  let length = 0;
  for (const row of longestRows(rows)) {
    const section = sectionOf(row);
    length += section.reduce((sum, line) => sum + line.length + 1, 0);
    if (length > maxLength) break;
    sections.push(section);
  }
  if (timeline.startedAt === null || sections.length === 0) return { lines: [], leftOut: rows.length };
  const lines = [
    "```mermaid",
    "---",
    "displayMode: compact",
    "---",
    "gantt",
    "  dateFormat x",
    "  axisFormat %H:%M:%S",
    ...sections.flat(),
    "```",
  ];
  return { lines, leftOut: rows.length - sections.length };
}

/** Returns at most `maxRows` rows, in order. Keeps those of the longest chain first, then the longest ones. */
function longestRows(rows: readonly ChartRow[]): readonly ChartRow[] {
  if (rows.length <= maxRows) return rows;
  const rank = (row: ChartRow) => (isCritical(row) ? 1e15 : 0) + endOf(row) - startOf(row);
  const kept = new Set(rows.toSorted((a, b) => rank(b) - rank(a)).slice(0, maxRows));
  return rows.filter((row) => kept.has(row));
}

function sectionOf({ nodeId, detail, spans }: ChartRow): string[] {
  const name = [mermaidText(nodeId), detail].filter((part) => part !== "").join(" ");
  return [`  section ${name}`, ...spans.slice(0, maxTasks).map(taskOf)];
}

function taskOf({ phase, from, to, isCritical }: Span): string {
  const marks = [isCritical ? "crit" : "", tags[phase]].filter((tag) => tag !== "");
  // A span that took no time at all would not be drawn.
  const fields = [...marks, Math.floor(from), Math.max(Math.ceil(to), Math.floor(from) + 1)];
  return `  ${phase} :${fields.join(", ")}`;
}

/**
 * Converts a server's text for a line of Mermaid. Its grammar has no escapes: `:`, `;`, `#`, `%`, quotes, brackets and
 * line breaks end a name or start something else, and a backtick could end the block. So this keeps only letters,
 * digits and a few marks that have no meaning in Mermaid.
 */
function mermaidText(text: string): string {
  return (
    fitWidth(text.slice(0, 10 * maxName).replace(/[^\p{L}\p{N}\p{M} ._/@-]/gu, "_"), maxName).trim() || "_"
  );
}
