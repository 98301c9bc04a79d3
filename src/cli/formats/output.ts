import type { LogOutcome } from "../command.js";
import { nodeName } from "../describe/event-lines.js";
import type { OutputLine } from "../describe/output-lines.js";
import type { Output } from "../output.js";
import { columnsOf, maxColumnsOf } from "../terminal/fit-width.js";
import { escapeOutput } from "../terminal/escape-controls.js";
import type { Style } from "../terminal/style.js";
import type { FrameTask } from "../tree/run-tree.js";

/** Prints the output of a run's nodes, each line prefixed with its node's name if there are several nodes. */
export async function printOutput({ nodes, updates }: LogOutcome, { stdout, style }: Output): Promise<void> {
  const label = nodes === undefined ? () => "" : labeller(nodes, style);
  for await (const { lines } of updates) {
    const printed = lines.map((line) => `${label(line)}${escapeOutput(line.text, style.hasColor)}\n`);
    if (printed.length > 0) await stdout.write(printed.join(""));
  }
}

/** Returns a function that labels a line with its node's name. Aligns the names in a column, each in its own color. */
function labeller(known: readonly FrameTask[], { cyan, yellow, green, magenta }: Style) {
  const loops = new Set(known.filter(({ isInLoop }) => isInLoop).map(({ nodeId }) => nodeId));
  const colors = [cyan, yellow, green, magenta];
  const orders = new Map<string, number>();
  const orderOf = (nodeId: string): number => {
    const order = orders.get(nodeId) ?? orders.size;
    orders.set(nodeId, order);
    return order;
  };
  for (const { nodeId } of known) orderOf(nodeId);
  let width = maxColumnsOf(known.map((node) => nodeName(node, loops)));
  return (line: OutputLine): string => {
    const name = nodeName(line, loops);
    width = Math.max(width, columnsOf(name));
    const paint = colors[orderOf(line.nodeId) % colors.length] ?? cyan;
    return paint(`${name}${" ".repeat(width - columnsOf(name))} | `);
  };
}
