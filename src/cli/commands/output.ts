import { HttpError } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { jsonText } from "../describe/json-text.js";
import { errorTitle } from "../describe/error-text.js";
import { findIteration, iterationOption } from "../follow/node-iteration.js";
import { escapeControls, escapeJsonControls } from "../terminal/escape-controls.js";
import { UsageError } from "../usage-error.js";

const stateWords: Readonly<Record<string, string>> = {
  pending: "it has not finished yet",
  failed: "it failed",
};

export const output = defineCommand<{ iteration?: number }>({
  syntax: "output <run-id> <node-id>",
  summary: "Print a node's output (gateway only)",
  description: "Print what a node has produced, as JSON. A gateway only.",
  options: [iterationOption],
  offersAnyNode: true,
  examples: ["output 4f1c build", "output @latest draft --iteration 2 | jq -r .text"],

  async execute({ args: [runId = "", nodeId = ""], options }, session) {
    const iteration = options.iteration ?? (await findIteration(runId, nodeId, "finished", session));
    const { row, status, error } = await session.client.getOutput({ runId, nodeId, iteration });
    if (row === null) {
      const node = `node ${escapeControls(nodeId)} of run ${escapeControls(runId)}`;
      const suffix = iteration === 0 ? "" : ` in iteration ${iteration}`;
      const because = errorTitle(error);
      throw new UsageError(
        `${node} has no output${suffix}: ${stateWords[status] ?? `it is ${escapeControls(status)}`}${because === "" ? "" : ` (${because})`}`,
        {
          code: "NO_OUTPUT",
          hint: session.commandLine(status === "pending" ? "watch" : "status", runId),
        },
      );
    }
    return { kind: "document", document: row, text: () => escapeJsonControls(jsonText(row) ?? "") };
  },

  hint(error, { args: [runId = ""] }, session) {
    const isKnownRun = error instanceof HttpError && /^(Node|Iteration)NotFound$/.test(error.code);
    return isKnownRun ? session.commandLine("status", runId) : undefined;
  },
});
