import { isTerminalStatus, type RunView } from "../../client/index.js";
import type { Session } from "../command.js";
import type { Style } from "../terminal/style.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { approvalLabel, noLoops } from "./approval-label.js";
import { errorReport, isEmptyError, type ErrorLimits } from "./error-text.js";
import { failedNodes, ownError } from "./failed-nodes.js";

/** How much of each error to show, and for how many nodes. */
const limits: ErrorLimits = { maxLines: 60, maxLength: 4000, maxFrames: 20 };
const maxNodes = 5;

/**
 * Returns the errors of a run's failed nodes, and the run's own error if it says more, each under the name of what
 * failed. Leaves out an error that the lines above show in full.
 */
export function errorSections(
  view: RunView,
  above: readonly string[],
  session: Pick<Session, "commandLine">,
  style: Style,
  loops = noLoops,
): string[][] {
  const failed = failedNodes(view).filter(({ error }) => !isEmptyError(error));
  const nodes = failed.map((node) => ({
    name: approvalLabel(node, loops) + (node.attempt > 1 ? ` (attempt ${node.attempt})` : ""),
    report: errorReport(node.error, limits),
  }));
  const unshown = nodes.filter(
    ({ report }) => report.body.length > 0 || !above.some((line) => line.includes(report.title)),
  );
  const own = errorReport(view.status === "failed" ? ownError(view) : null, limits);
  const shown = [
    ...unshown.slice(0, maxNodes),
    ...(own.body.length > 0 ? [{ name: "run", report: own }] : []),
  ];
  const sections = shown.map(({ name, report: { title, body, leftOut } }) => [
    style.bold(name),
    `  ${style.red(title)}`,
    ...body.map((line) => `  ${line.startsWith("    ") ? style.dim(line) : line}`),
    ...(leftOut === "" ? [] : [style.dim(`  … ${leftOut}`)]),
  ]);
  const isCut = unshown.length > maxNodes || shown.some(({ report }) => report.leftOut !== "");
  if (!isCut) return sections;
  // Only read a run that has not ended; do not resume it.
  const watch = isTerminalStatus(view.status) ? "watch --json" : "watch --json --no-resume";
  const command = `${session.commandLine(watch, view.runId)} | jq 'select(.error).error'`;
  const rest =
    unshown.length > maxNodes
      ? [`${unshown.length - maxNodes} more nodes failed; all errors:`]
      : ["all of it:"];
  return [...sections, [...rest.map(style.dim), `  ${style.dim("next:")}  ${escapeControls(command)}`]];
}
