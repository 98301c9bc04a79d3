import type { Run, SmithersClient } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { exitCodeOf } from "../status-table.js";
import { statusText } from "../tree/status-text.js";

export const status = defineCommand<{ exitStatus?: boolean }>({
  syntax: "status <run-id>",
  summary: "Show where a run stands",
  description: "Show a run's tree, why the run is not moving, and the command that helps.",
  options: [
    {
      flags: "--exit-status",
      description: "exit with the run's result: 0 finished, 1 failed, 2 cancelled, 3 not ended",
    },
  ],
  examples: ["status 4f1c", "status 4f1c --json | jq -r .status"],

  async execute({ args: [runId = ""], options }, session) {
    const document = await session.client.getStatus({ runId });
    return {
      kind: "document",
      document,
      ...(options.exitStatus === true ? { exitCode: await resultOf(document, session.client) } : {}),
      text: (style) => statusText(document, session, style),
    };
  },
});

/** Returns the exit code for a run. If its work continues as another run, that run has the result. */
async function resultOf(status: Run, client: SmithersClient): Promise<number> {
  const seen = new Set<string>();
  let last = status;
  while (last.status === "continued" && !seen.has(last.runId)) {
    seen.add(last.runId);
    const { continuedAs } = (await client.loadRunView({ runId: last.runId })).view;
    if (continuedAs === null) break;
    last = await client.getStatus({ runId: continuedAs });
  }
  return exitCodeOf(last.status);
}
