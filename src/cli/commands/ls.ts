import { isOver, type RunRow } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { formatDuration, formatTime } from "../duration.js";
import { paintStatus } from "../paint-status.js";
import { parseCount } from "../parse-count.js";
import { table } from "../table.js";
import { visibleText } from "../visible-text.js";

export const ls = defineCommand<{ limit?: number; status?: string; quiet?: boolean }>({
  syntax: "ls",
  summary: "List the server's runs, newest first.",
  options: [
    {
      flags: "--limit <n>",
      description: "at most so many (default: the server's, 50)",
      parse: parseCount(1),
    },
    { flags: "--status <status>", description: "only runs of this status, such as waiting-approval" },
    { flags: "-q, --quiet", description: "print the run ids alone" },
  ],
  examples: ["ls --status waiting-approval", "ls -q --limit 5"],

  async execute({ options: { limit, status, quiet } }, { client, context }) {
    const rows = await client.listRuns({ limit, status });
    return {
      kind: "document",
      document: rows,
      text(style) {
        if (quiet === true) return rows.map(({ runId }) => visibleText(runId)).join("\n");
        if (rows.length === 0) return "";
        return table(
          ["RUN ID", "WORKFLOW", "STATUS", "STARTED", "TOOK"],
          rows.map((row) => [
            { text: visibleText(row.runId), paint: style.bold },
            { text: visibleText(row.workflowName ?? "-") },
            { text: visibleText(row.status), paint: (text) => paintStatus(text, style) },
            { text: formatTime(row.startedAtMs) },
            { text: took(row, context.now()) },
          ]),
          style,
        );
      },
    };
  },
});

function took({ status, startedAtMs, finishedAtMs }: RunRow, now: number): string {
  if (startedAtMs === null) return "-";
  // A resumed run keeps the time of its earlier end in its row.
  const end = isOver(status) ? finishedAtMs : now;
  return end === null ? "-" : formatDuration(end - startedAtMs);
}
