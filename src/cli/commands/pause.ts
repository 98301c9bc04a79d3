import { HttpError } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { UsageError } from "../usage-error.js";

export const pause = defineCommand({
  syntax: "pause <run-id>",
  summary: "Pause a run (gateway only)",
  description:
    "Pause a run until it is resumed. Tasks that are already running finish first. A gateway only.",
  options: [],
  changesRuns: true,
  offersRun: (status) => status === "running",
  examples: ["pause 4f1c", "pause @latest"],

  async execute({ args: [runId = ""] }, { client, baseUrl, commandLine }) {
    const run = `run ${escapeControls(runId)}`;
    try {
      const document = await client.pause({ runId });
      return { kind: "document", document, text: () => `asked ${run} to pause` };
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 409) throw error;
      const { status } = await client.getStatus({ runId });
      if (status !== "paused") {
        throw new UsageError(
          `${run} cannot be paused, at ${baseUrl}: it is not executing (${escapeControls(status)})`,
          { code: "NOT_PAUSABLE", hint: commandLine("status", runId) },
        );
      }
      return {
        kind: "document",
        document: { runId, changed: false },
        text: () => `${run} is paused already`,
      };
    }
  },
});
