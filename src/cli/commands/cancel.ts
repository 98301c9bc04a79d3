import { defineCommand } from "../command.js";
import { visibleText } from "../visible-text.js";

export const cancel = defineCommand({
  syntax: "cancel <run-id>",
  summary: "Cancel a run that is executing; what it has under way ends first.",
  options: [],
  examples: ["cancel 4f1c", "cancel 4f1c --json"],

  async execute({ args: [runId = ""] }, { client }) {
    const document = await client.cancel({ runId });
    return { kind: "document", document, text: () => `asked run ${visibleText(runId)} to cancel` };
  },
});
