// What was measured as a Markdown table.

/**
 * One line of the table.
 *
 * @typedef {object} Row
 * @property {string} what
 * @property {string} ours
 * @property {string} against what it is compared with, and its figure
 * @property {string} result
 * @property {string} goal
 * @property {string} verdict
 */

const headings = ["what", "ours", "against", "result", "goal", "met"];

/** @param {Row[]} rows */
export function table(rows) {
  const cells = rows.map((row) => [row.what, row.ours, row.against, row.result, row.goal, row.verdict]);
  const widths = headings.map((heading, at) =>
    Math.max(heading.length, ...cells.map((each) => each[at].length)),
  );
  const line = (each) => `| ${each.map((text, at) => text.padEnd(widths[at])).join(" | ")} |`;
  return [line(headings), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join("\n");
}

/** A number with three digits that count. */
export function figure(number) {
  if (Math.abs(number) >= 100) return number.toFixed(0);
  return number.toFixed(Math.abs(number) >= 10 ? 1 : 2);
}
