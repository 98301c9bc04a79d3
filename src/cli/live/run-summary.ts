import type { RunStatus, RunView } from "../../client/index.js";
import { countNodes } from "../describe/count-nodes.js";
import { columnsOf } from "../terminal/fit-width.js";
import { gateName } from "../describe/approval-label.js";
import { statusLook } from "../tree/render-node.js";
import { runTook, whyFailed } from "../describe/run-result.js";
import { errorText } from "../describe/error-text.js";
import type { Style } from "../terminal/style.js";
import { visibleMessage, visibleText } from "../terminal/escape-controls.js";

/** Failed nodes that are named once more at the end; of further ones the number is told. */
const mostFailed = 5;

/** What stays on the screen of a run that was followed: how it ended, and why. */
export function runSummary(view: RunView, status: RunStatus, style: Style): string[] {
  const { symbol, paint } = statusLook(status.status, { style, spinner: style.symbols.running });
  const { known, done, failed } = countNodes(view);
  const took = runTook(view);
  const facts = [`${done} of ${known} nodes done`, ...(failed > 0 ? [`${failed} failed`] : [])];
  const run = `run ${visibleText(view.runId)}`;
  const name = visibleText(status.workflowName || "run");
  const statusWord = visibleText(status.status);
  const head = `${symbol} ${name} ${statusWord}${took}  ${facts.join(", ")}`;
  // An id that is broken over two lines cannot be copied.
  const fits = columnsOf(`${head}, ${run}`) <= style.width;
  return [
    `${paint(symbol)} ${style.bold(name)} ${paint(statusWord)}${took}  ${style.dim(facts.join(", ") + (fits ? `, ${run}` : ""))}`,
    ...(fits ? [] : [style.dim(`  ${run}`)]),
    ...reasons(view, style),
  ];
}

function reasons(view: RunView, style: Style): string[] {
  const indented = (text: string) => `  ${text}`;
  const waiting = view.openGates.map((gate) => style.yellow(`${gateName(gate)} waits for approval`));
  const failed = [...view.nodes.values()].filter(({ state }) => state === "failed");
  const named = failed
    .slice(0, mostFailed)
    .map((node) => `${style.bold(gateName(node))}  ${style.red(whyFailed(node))}`);
  if (failed.length > mostFailed) named.push(style.dim(`${failed.length - mostFailed} more failed`));
  // Where a node failed, the run's own error says no more than that.
  const own = failed.length > 0 ? "" : visibleMessage(errorText(view.error));
  return [
    ...(view.status === "failed" ? [] : waiting),
    ...named,
    ...(own === "" ? [] : [style.red(own)]),
  ].map(indented);
}
