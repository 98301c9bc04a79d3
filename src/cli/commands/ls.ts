import { isTerminalStatus, knownStatuses, type RunRow } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { formatAgo, formatDuration, formatTime } from "../describe/duration.js";
import { paintStatus } from "../terminal/paint-status.js";
import { parseCount } from "../args/parse-count.js";
import { runLabels } from "../describe/run-labels.js";
import { columnsOf } from "../terminal/fit-width.js";
import { table } from "../terminal/table.js";
import { escapeControls } from "../terminal/escape-controls.js";

interface LsOptions {
  limit?: number;
  status?: string;
  quiet?: boolean;
  time?: "relative" | "iso";
}

export const ls = defineCommand<LsOptions>({
  syntax: "ls",
  summary: "List the server's runs, newest first.",
  options: [
    {
      flags: "--limit <n>",
      description: "at most so many (default: the server's, 50)",
      parse: parseCount(1),
    },
    {
      flags: "--status <status>",
      description: "only runs of this status, such as waiting-approval",
      suggests: knownStatuses,
    },
    { flags: "-q, --quiet", description: "print the run ids alone" },
    {
      flags: "--time <form>",
      description: "when runs started: relative, as 2m ago, or iso (default: relative)",
      choices: ["relative", "iso"],
    },
  ],
  examples: ["ls --status waiting-approval", "ls -q --limit 5"],

  async execute({ options: { limit, status, quiet, time } }, { client, context, serverNow }) {
    const rows = await client.listRuns<RunRow>({ limit, status });
    return {
      kind: "document",
      document: rows,
      text(style) {
        if (quiet === true) return rows.map(({ runId }) => escapeControls(runId)).join("\n");
        const [label] = runLabels(rows.map(({ runId }) => runId));
        if (label === undefined) return "";
        const now = serverNow();
        const when = (ms: number | null) => (time === "iso" ? formatTime(ms) : formatAgo(ms, now));
        return table(
          [
            // A shortened id still says which run it is, and is enough to type.
            { heading: "RUN ID", least: columnsOf(label.text) + 1 },
            { heading: "WORKFLOW", least: 8 },
            { heading: "STATUS" },
            { heading: "STARTED" },
            { heading: "TOOK" },
          ],
          rows.map((row) => [
            { text: escapeControls(row.runId), paint: style.bold },
            { text: escapeControls(row.workflowName ?? "-") },
            { text: escapeControls(row.status), paint: (text) => paintStatus(text, style) },
            { text: when(row.startedAtMs) },
            { text: took(row, now) },
          ]),
          style,
          // Whatever reads a pipe is to have all of it.
          context.stdout.isTTY ? style.width : Infinity,
        );
      },
    };
  },
});

function took({ status, startedAtMs, finishedAtMs }: RunRow, now: number): string {
  if (startedAtMs === null) return "-";
  // A resumed run keeps the time of its earlier end in its row.
  const end = isTerminalStatus(status) ? finishedAtMs : now;
  return end === null ? "-" : formatDuration(end - startedAtMs);
}
