import { defineCommand } from "../command.js";
import { exitCodeOf } from "../exit-codes.js";
import { statusText } from "../status-text.js";

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

  async execute({ args: [runId = ""], options }, session) {
    const document = await session.client.getStatus({ runId });
    return {
      kind: "document",
      document,
      // A run that executes has no result yet, good or bad.
      ...(options.exitStatus === true && document.status !== "running"
        ? { exitCode: exitCodeOf(document.status) }
        : {}),
      text: (style) => statusText(document, session, style),
    };
  },
});
