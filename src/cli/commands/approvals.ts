import type { ApprovalRow } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { formatDuration } from "../describe/duration.js";
import { approvalLabel, requestWords } from "../describe/approval-label.js";
import { table } from "../terminal/table.js";
import { escapeControls } from "../terminal/escape-controls.js";

export const approvals = defineCommand<{ quiet?: boolean }>({
  syntax: "approvals",
  summary: "List the open approvals of all runs",
  description: "List the gates of all runs that wait for a person, the longest open first.",
  options: [{ flags: "-q, --quiet", description: "print the run id and the node id alone" }],
  examples: [
    "approvals",
    `approvals -q | while read -r run node; do smithers-client approve -- "$run" "$node"; done`,
  ],

  async execute({ options }, { client, waitFor, serverNow }) {
    const rows = await waitFor("reading the open gates", client.listApprovals());
    return {
      kind: "document",
      document: rows,
      text(style) {
        if (options.quiet === true) {
          return rows
            .map(({ runId, nodeId }) => `${escapeControls(runId)} ${escapeControls(nodeId)}`)
            .join("\n");
        }
        if (rows.length === 0) return "";
        const now = serverNow();
        return table(
          ["RUN ID", "NODE", "WORKFLOW", "WAITING", "ASKS"].map((heading) => ({ heading })),
          rows.map((row) => [
            { text: escapeControls(row.runId), paint: style.bold },
            { text: approvalLabel(row) },
            { text: escapeControls(row.workflowName) },
            { text: formatDuration(waited(row, now)), paint: style.yellow },
            { text: asks(row) },
          ]),
          style,
        );
      },
    };
  },
});

/** By the server's clock; our own may differ. */
function waited({ requestedAtMs, waitingMs }: ApprovalRow, now: number): number {
  return requestedAtMs === null ? waitingMs : now - requestedAtMs;
}

/** What the gate asks, in so far as that is more than its node's name. */
function asks(row: { nodeId: string; requestTitle: string; requestSummary: string | null }): string {
  return requestWords(row.requestTitle === row.nodeId ? null : row.requestTitle, row.requestSummary);
}
