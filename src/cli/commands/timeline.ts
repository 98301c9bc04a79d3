import { isTerminalStatus } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { formatDuration, formatTime } from "../describe/duration.js";
import { paintStatus } from "../terminal/paint-status.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { chartLines } from "../timeline/chart.js";
import { chartRows } from "../timeline/fold.js";
import { predecessorsIn } from "../timeline/predecessors.js";
import { RunTimes } from "../timeline/run-times.js";
import { timelineDocument } from "../timeline/document.js";
import { buildTimeline } from "../timeline/timeline.js";
import { loopNodesIn } from "../tree/run-tree.js";
import { readTree } from "../tree/read-tree.js";

export const timeline = defineCommand<{ all?: boolean }>({
  syntax: "timeline <run-id>",
  summary: "Show where a run's time went",
  description:
    "Show where a run's time went: when each node was queued, waited for an approval and executed, and the longest chain.",
  options: [{ flags: "--all", description: "show each loop iteration in its own row" }],
  examples: ["timeline 4f1c", "timeline 4f1c --json | jq '.nodes[] | select(.critical)'"],

  async execute({ args: [runId = ""], options: { all = false } }, session) {
    const { client } = session;
    const times = new RunTimes();
    const history = client.readRecords({ runId });
    const reading = async () => {
      for await (const records of history) for (const { event } of records) times.add(event);
      return history.ended;
    };
    const [{ view, status, asOf }, tree] = await Promise.all([
      session.waitFor(`reading the events of run ${escapeControls(runId)}`, reading()),
      readTree(runId, session),
    ]);
    const goesOn = !isTerminalStatus(status.status);
    const built = buildTimeline(times, session.serverNow(), tree && predecessorsIn(tree));
    return {
      kind: "document",
      document: timelineDocument(status, built, goesOn),
      text: (style) => {
        const name = escapeControls(status.workflowName || "run");
        const took = built.startedAt === null ? "" : `  ${formatDuration(built.endsAt - built.startedAt)}`;
        const chart = chartLines(built, chartRows(built.rows, all, loopNodesIn(tree)), style);
        return [
          `${style.bold(name)}  ${paintStatus(status.status, style)}${took}`,
          style.dim(`run ${escapeControls(runId)}`),
          "",
          ...(chart.length === 0 ? ["nothing has started yet"] : chart),
          ...(asOf === null
            ? []
            : [
                "",
                style.dim(`the run continues; its events were read up to ${formatTime(view.updatedAtMs)}`),
              ]),
        ].join("\n");
      },
    };
  },
});
