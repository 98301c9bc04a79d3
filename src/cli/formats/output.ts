import type { LogOutcome, NodeTurn } from "../command.js";
import type { Output } from "../output.js";
import { iterationOf, type LoopNodes } from "../describe/approval-label.js";
import { columnsOf, maxColumnsOf } from "../terminal/fit-width.js";
import { escapeControls, escapeOutput } from "../terminal/escape-controls.js";
import type { Style } from "../terminal/style.js";

/** Prints what the nodes of a run print: the text alone, behind the name of its node if there are several. */
export async function printOutput({ nodes, updates }: LogOutcome, { stdout, style }: Output): Promise<void> {
  const label = nodes === undefined ? () => "" : labeller(nodes, style);
  for await (const { lines } of updates) {
    const printed = lines.map((line) => `${label(line)}${escapeOutput(line.text, style.hasColor)}\n`);
    if (printed.length > 0) await stdout.write(printed.join(""));
  }
}

/** Puts the names in a column, each in a colour of its own. */
function labeller(known: NonNullable<LogOutcome["nodes"]>, { cyan, yellow, green, magenta }: Style) {
  const loops = new Set(known.filter(({ isInLoop }) => isInLoop).map(({ nodeId }) => nodeId));
  const colors = [cyan, yellow, green, magenta];
  const orders = new Map<string, number>();
  const orderOf = (nodeId: string): number => {
    const order = orders.get(nodeId) ?? orders.size;
    orders.set(nodeId, order);
    return order;
  };
  for (const { nodeId } of known) orderOf(nodeId);
  let width = maxColumnsOf(known.map((node) => nameOf(node, loops)));
  return (node: NodeTurn): string => {
    const name = nameOf(node, loops);
    width = Math.max(width, columnsOf(name));
    const paint = colors[orderOf(node.nodeId) % colors.length] ?? cyan;
    return paint(`${name}${" ".repeat(width - columnsOf(name))} | `);
  };
}

function nameOf(node: NodeTurn, loops: LoopNodes): string {
  const iteration = iterationOf(node, loops);
  return escapeControls(node.nodeId) + (iteration === undefined ? "" : ` #${iteration}`);
}
