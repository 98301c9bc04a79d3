import { isOver } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { formatDuration, formatTime } from "../duration.js";
import { exitCodeOf } from "../exit-codes.js";
import { paintStatus } from "../paint-status.js";
import { fieldList } from "../table.js";
import { visibleText } from "../visible-text.js";

export const status = defineCommand<{ exitStatus?: boolean }>({
  syntax: "status <run-id>",
  summary: "Show where a run stands.",
  options: [
    {
      flags: "--exit-status",
      description: "exit as following the run would: 1 failed, 2 cancelled, 3 waiting",
    },
  ],
  examples: ["status 4f1c", "status 4f1c --json | jq -r .status"],

  async execute({ args: [runId = ""], options }, { client, context }) {
    const document = await client.getStatus({ runId });
    const { startedAtMs, finishedAtMs, summary } = document;
    return {
      kind: "document",
      document,
      // A run that executes has no result yet, good or bad.
      ...(options.exitStatus === true && document.status !== "running"
        ? { exitCode: exitCodeOf(document.status) }
        : {}),
      text(style) {
        const counts = Object.entries(summary ?? {}).map(
          ([state, count]) => `${count} ${visibleText(state)}`,
        );
        const ended = isOver(document.status) ? finishedAtMs : null;
        return fieldList(
          [
            ["run", visibleText(document.runId)],
            ["workflow", visibleText(document.workflowName ?? "-")],
            ["status", paintStatus(document.status, style)],
            ["started", formatTime(startedAtMs)],
            ["ended", formatTime(ended)],
            ["took", startedAtMs === null ? "-" : formatDuration((ended ?? context.now()) - startedAtMs)],
            ["nodes", counts.length === 0 ? "none yet" : counts.join(", ")],
          ],
          style,
        );
      },
    };
  },
});
