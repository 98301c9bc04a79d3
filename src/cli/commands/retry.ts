import { HttpError } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { followAfter } from "../follow/follow-resumed.js";
import { checkFollow, followOptions, watchOption, type FollowOptions } from "../follow/follow-run.js";
import { findIteration, iterationOption } from "../follow/node-iteration.js";
import { escapeControls } from "../terminal/escape-controls.js";

interface RetryOptions extends FollowOptions {
  iteration?: number;
  resetDependents?: boolean;
  watch?: boolean;
}

export const retry = defineCommand<RetryOptions>({
  syntax: "retry <run-id> <node-id>",
  summary: "Run a node again (gateway only)",
  description:
    "Run a node again and continue the run from there, even if the run has failed. A gateway only.",
  options: [
    iterationOption,
    { flags: "--reset-dependents", description: "also run again the nodes that depend on it" },
    watchOption,
    ...followOptions,
  ],
  changesRuns: true,
  offersRun: (status) => status === "failed",
  offersAnyNode: true,
  examples: ["retry 4f1c deploy --watch", "retry @latest build --reset-dependents"],

  check: ({ options }, session) => checkFollow(options, session),

  async execute({ args: [runId = "", nodeId = ""], options }, session) {
    const iteration = options.iteration ?? (await findIteration(runId, nodeId, "failed", session));
    const { resetDependents } = options;
    const send = () => session.client.retryNode({ runId, nodeId, iteration, resetDependents });
    const suffix = iteration === 0 ? "" : ` (iteration ${iteration})`;
    const done = `asked run ${escapeControls(runId)} to run ${escapeControls(nodeId)}${suffix} again`;
    if (options.watch === true) {
      const act = async () => {
        await send();
        session.note(done);
      };
      return followAfter(session, runId, options, { what: "retry", act });
    }
    const document = await send();
    return { kind: "document", document, text: () => done };
  },

  hint(error, { args: [runId = ""] }, session) {
    const isUnknownNode = error instanceof HttpError && error.status === 404 && error.path.endsWith("/retry");
    return isUnknownNode ? session.commandLine("status", runId) : undefined;
  },
});
