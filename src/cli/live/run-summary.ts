import type { Run, RunView } from "../../client/index.js";
import type { NodeCounts } from "../describe/count-nodes.js";
import { columnsOf, fitWidth } from "../terminal/fit-width.js";
import { approvalLabel, type LoopNodes } from "../describe/approval-label.js";
import { renderStatus } from "../tree/render-node.js";
import { elapsed, failureReason } from "../describe/run-result.js";
import { errorTitle } from "../describe/error-text.js";
import { failedNodes, ownError } from "../describe/failed-nodes.js";
import type { Style } from "../terminal/style.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** The most failed nodes to name again at the end; the others are only counted. */
const maxFailed = 5;

/** Returns the lines that stay on the screen after a run was followed: how it ended, and why. */
export function runSummary(
  view: RunView,
  status: Run,
  { known, done, failed }: NodeCounts,
  loops: LoopNodes,
  style: Style,
): string[] {
  const { symbol, paint } = renderStatus(status.status, { style, spinner: style.symbols.running });
  const took = elapsed(view);
  const facts = [`${done} of ${known} nodes done`, ...(failed > 0 ? [`${failed} failed`] : [])];
  const run = `run ${escapeControls(view.runId)}`;
  const name = escapeControls(status.workflowName || "run");
  const statusWord = escapeControls(status.status);
  const head = `${symbol} ${name} ${statusWord}${took}  ${facts.join(", ")}`;
  // An id that wraps to a second line cannot be copied.
  const fits = columnsOf(`${head}, ${run}`) <= style.width;
  return [
    `${paint(symbol)} ${style.bold(name)} ${paint(statusWord)}${took}  ${style.dim(facts.join(", ") + (fits ? `, ${run}` : ""))}`,
    ...(fits ? [] : [style.dim(`  ${run}`)]),
    ...reasons(view, loops, style),
  ];
}

function reasons(view: RunView, loops: LoopNodes, style: Style): string[] {
  const indented = (text: string) => `  ${text}`;
  // The lines above have the rest of each error.
  const firstLine = (text: string, room = style.width) =>
    fitWidth(text, Math.max(20, room - 4), style.symbols.cut);
  const waiting = view.openApprovals.map((approval) =>
    style.yellow(`${approvalLabel(approval, loops)} waits for approval`),
  );
  const failed = failedNodes(view);
  const named = failed.slice(0, maxFailed).map((node) => {
    const name = approvalLabel(node, loops);
    const reason = firstLine(failureReason(node), style.width - columnsOf(name));
    return `${style.bold(name)}  ${style.red(reason)}`;
  });
  if (failed.length > maxFailed) named.push(style.dim(`${failed.length - maxFailed} more failed`));
  const own = firstLine(errorTitle(ownError(view)));
  return [
    ...(view.status === "failed" ? [] : waiting),
    ...named,
    ...(own === "" ? [] : [style.red(own)]),
  ].map(indented);
}
