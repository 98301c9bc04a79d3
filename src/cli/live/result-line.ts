import type { FollowedRun } from "../command.js";
import { errorTitle } from "../describe/error-text.js";
import { elapsed } from "../describe/run-result.js";
import { statusFacts } from "../status-table.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { fitWidth } from "../terminal/fit-width.js";
import type { Style } from "../terminal/style.js";
import { categoryStyle } from "../tree/render-node.js";
import { reasonOf, type RunFacts } from "./run-facts.js";

/** Returns the line that stays on the screen for one of several runs: how it ended, or its status, and why. */
export function resultLine(run: FollowedRun, facts: RunFacts, style: Style): string {
  const { symbol, paint } = categoryStyle(facts.category, { style, spinner: style.symbols.running });
  const { done, known } = facts.counts;
  const view = run.view();
  const status = run.ended?.status ?? view.status;
  const reason =
    run.lost !== undefined
      ? errorTitle(run.lost)
      : statusFacts(status).category === "failed"
        ? reasonOf(view)
        : "";
  const took = run.ended === undefined ? "" : elapsed(view);
  // The id comes first, since an id that wraps to a second line cannot be copied.
  const head = `${paint(symbol)} ${style.bold(escapeControls(run.runId))}  ${facts.workflow} ${paint(facts.status)}${took}`;
  const nodes = style.dim(`, ${done} of ${known} nodes done`);
  return `${head}${nodes}${reason === "" ? "" : `: ${style.red(fitWidth(reason, style.width, style.symbols.cut))}`}`;
}
