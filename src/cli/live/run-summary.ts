import type { RunStatus, RunView } from "../../client/index.js";
import { formatDuration } from "../duration.js";
import { gateName } from "../gate-name.js";
import { statusLook } from "../node-look.js";
import { whyFailed } from "../run-result.js";
import { errorText } from "../error-text.js";
import type { Style } from "../style.js";
import { visibleText } from "../visible-text.js";

/** Failed nodes that are named once more at the end; of further ones the number is told. */
const mostFailed = 5;

/** What stays on the screen of a run that was followed: how it ended, and why. */
export function runSummary(view: RunView, status: RunStatus, style: Style): string[] {
  const { symbol, paint } = statusLook(status.status, { style, spinner: style.symbols.running });
  const nodes = [...view.nodes.values()];
  const count = (...states: string[]) => nodes.filter(({ state }) => states.includes(state)).length;
  const { startedAtMs } = view;
  const took =
    startedAtMs === null
      ? ""
      : ` after ${formatDuration((view.finishedAtMs ?? view.updatedAtMs ?? startedAtMs) - startedAtMs)}`;
  const facts = [
    `${count("finished", "skipped")} of ${nodes.length} nodes done`,
    ...(count("failed") > 0 ? [`${count("failed")} failed`] : []),
    `run ${visibleText(view.runId)}`,
  ];
  const name = visibleText(status.workflowName ?? "");
  return [
    `${paint(symbol)} ${style.bold(name === "" ? "run" : name)} ${paint(visibleText(status.status))}${took}  ${style.dim(facts.join(", "))}`,
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
  const own = visibleText(errorText(view.error));
  // The run's error mostly repeats that of the node which made it fail.
  const isNews = own !== "" && !failed.some((node) => own.includes(whyFailed(node)));
  return [...(view.status === "failed" ? [] : waiting), ...named, ...(isNews ? [style.red(own)] : [])].map(
    indented,
  );
}
