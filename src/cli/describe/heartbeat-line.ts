import type { RunView } from "../../client/index.js";
import { countNodes, isExecuting } from "./count-nodes.js";
import { formatDuration } from "./duration.js";
import { approvalLabel, noLoops } from "./approval-label.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Returns a line for a log that has been quiet for a while: the run is still being followed, and what it is doing. */
export function heartbeatLine(view: RunView, now: number, loops = noLoops): string {
  const nodes = [...view.nodes.values()];
  const { known, done } = countNodes(view);
  const since = (ms: number | null) => formatDuration(now - (ms ?? now));
  const busy = [
    ...nodes
      .filter(isExecuting)
      .map((node) => `${approvalLabel(node, loops)} has been running for ${since(node.startedAtMs)}`),
    ...view.openApprovals.map(
      (approval) =>
        `${approvalLabel(approval, loops)} has been waiting for approval for ${since(approval.requestedAtMs)}`,
    ),
  ];
  const what = [...(known === 0 ? [] : [`${done} of ${known} known nodes done`]), ...busy.slice(0, 3)];
  if (busy.length > 3) what.push(`${busy.length - 3} more running`);
  const run = `still following run ${escapeControls(view.runId)}, whose status is ${escapeControls(view.status)}`;
  return what.length === 0 ? run : `${run}: ${what.join(", ")}`;
}
