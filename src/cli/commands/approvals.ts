import type { ApprovalRow, SmithersClient } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { formatDuration } from "../describe/duration.js";
import { approvalLabel, requestOf, requestWords, type LoopNodes } from "../describe/approval-label.js";
import { readTree } from "../tree/read-tree.js";
import { loopNodesIn } from "../tree/run-tree.js";
import { table } from "../terminal/table.js";
import { escapeControls } from "../terminal/escape-controls.js";

export const approvals = defineCommand<{ quiet?: boolean }>({
  syntax: "approvals",
  summary: "List the open approvals of all runs",
  description: "List the open approvals of all runs, oldest first.",
  options: [{ flags: "-q, --quiet", description: "print only run ids and node ids" }],
  examples: [
    "approvals",
    `approvals -q | while read -r run node; do smithers-client approve -- "$run" "$node"; done`,
  ],

  async execute({ options }, { client, waitFor, serverNow }) {
    const rows = await waitFor("reading the open approvals", client.listApprovals());
    return {
      kind: "document",
      document: rows,
      async text(style) {
        if (options.quiet === true) {
          return rows
            .map(({ runId, nodeId }) => `${escapeControls(runId)} ${escapeControls(nodeId)}`)
            .join("\n");
        }
        if (rows.length === 0) return "";
        const loops = await waitFor("reading the open approvals", loopsOf(rows, client));
        const now = serverNow();
        return table(
          ["RUN ID", "NODE", "WORKFLOW", "WAITING", "ASKS"].map((heading) => ({ heading })),
          rows.map((row) => [
            { text: escapeControls(row.runId), paint: style.bold },
            { text: approvalLabel(row, loops.get(row.runId)) },
            { text: escapeControls(row.workflowName) },
            { text: formatDuration(waited(row, now)), paint: style.yellow },
            { text: requestWords(requestOf(row)?.title, row.requestSummary) },
          ]),
          style,
        );
      },
    };
  },
});

/** How many runs to check for nodes in loops, and how many of them at the same time. */
const maxTrees = 50;
const maxRequests = 4;

/** Returns which nodes are in a loop, by run id. */
async function loopsOf(
  rows: readonly ApprovalRow[],
  client: SmithersClient,
): Promise<Map<string, LoopNodes>> {
  const loops = new Map<string, LoopNodes>();
  const runIds = [...new Set(rows.map(({ runId }) => runId))].slice(0, maxTrees);
  const readNext = async (): Promise<void> => {
    for (let runId = runIds.pop(); runId !== undefined; runId = runIds.pop())
      loops.set(runId, loopNodesIn(await readTree(runId, { client })));
  };
  await Promise.all(Array.from({ length: maxRequests }, readNext));
  return loops;
}

/** Returns how long an approval has been open, by the server's clock. Ours may differ. */
function waited({ requestedAtMs, waitingMs }: ApprovalRow, now: number): number {
  return requestedAtMs === null ? waitingMs : now - requestedAtMs;
}
