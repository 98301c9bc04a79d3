import { isTerminalStatus, type NodeView, type RunView } from "../../client/index.js";
import type { FollowedRun } from "../command.js";
import { approvalLabel, requestWords, type LoopNodes } from "../describe/approval-label.js";
import { silentMs } from "../describe/blockers.js";
import { countNodes, type NodeCounts } from "../describe/count-nodes.js";
import { formatDuration, formatRunningTime } from "../describe/duration.js";
import { errorTitle } from "../describe/error-text.js";
import { failedNodes, ownError } from "../describe/failed-nodes.js";
import { failureReason } from "../describe/run-result.js";
import { waitingSince } from "../describe/waiting-since.js";
import { nodeCategory, statusFacts, type Category } from "../status-table.js";
import { progressOf, runTree, type FrameGroup } from "../tree/run-tree.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** What a table shows about a run. All texts are escaped. */
export interface RunFacts {
  status: string;
  category: Category;
  workflow: string;
  counts: NodeCounts;
  /** Which nodes are executing, what the run waits for, or why it failed. */
  now: string;
  /** How long it took, or has taken so far; empty if it has not started. */
  time(now: number): string;
  /** How long it has been silent, if that is long for an executing run; otherwise empty. */
  silence(now: number): string;
}

/** The most nodes to name; no line has room for more. */
const maxNamed = 20;

/**
 * Returns the facts of a run, which are valid until its view or its tree changes or it ends.
 *
 * @param frame its newest tree, which has nodes that no event has named yet
 */
export function runFacts(run: FollowedRun, frame?: FrameGroup): RunFacts {
  const view = run.view();
  const { startedAtMs, updatedAtMs } = view;
  const status = run.ended?.status ?? view.status;
  const hasEnded = isTerminalStatus(status) && status !== "unknown";
  const isLost = run.lost !== undefined;
  const endedAtMs = view.finishedAtMs ?? run.ended?.finishedAtMs ?? updatedAtMs;
  return {
    status: isLost ? "lost" : status === "unknown" ? "connecting" : escapeControls(status),
    category: isLost ? "failed" : statusFacts(status).category,
    workflow: escapeControls(run.workflowName ?? "-"),
    counts: frame === undefined ? countNodes(view) : progressOf(runTree(frame, view), view),
    now: isLost ? errorTitle(run.lost) : whatNow(view, status, run.loops),
    time(now) {
      if (startedAtMs === null) return "";
      return hasEnded || isLost
        ? formatDuration((endedAtMs ?? startedAtMs) - startedAtMs)
        : formatRunningTime(now - startedAtMs);
    },
    silence(now) {
      const quiet = now - (updatedAtMs ?? now);
      const isSilent = !isLost && status === "running" && quiet >= silentMs;
      return isSilent ? `no event for ${formatRunningTime(quiet)}` : "";
    },
  };
}

function whatNow(view: RunView, status: string, loops?: LoopNodes): string {
  if (status === "failed") return reasonOf(view);
  if (isTerminalStatus(status)) return "";
  const approvals = view.openApprovals
    .filter((approval) => waitingSince(approval, view) !== undefined)
    .map((approval) => {
      const words = requestWords(approval.request?.title, approval.request?.summary);
      return approvalLabel(approval, loops) + (words === "" ? "" : `: ${words}`);
    });
  const nodes = [...view.nodes.values()];
  const inCategory = (category: Category) =>
    nodes.filter(({ state, approval }) => approval?.decision !== null && nodeCategory(state) === category);
  const active = inCategory("running");
  const rest = active.length > 0 ? active : approvals.length > 0 ? [] : inCategory("waiting");
  return [...approvals, ...rest.slice(0, maxNamed).map((node) => nameOf(node, loops))].join(", ");
}

function nameOf(node: NodeView, loops?: LoopNodes): string {
  return approvalLabel(node, loops) + (node.attempt > 1 ? ` (attempt ${node.attempt})` : "");
}

/** Returns why a run failed, as one line. */
export function reasonOf(view: RunView): string {
  const [first] = failedNodes(view);
  const own = errorTitle(ownError(view));
  return first === undefined ? own : `${approvalLabel(first)}: ${failureReason(first)}`;
}
