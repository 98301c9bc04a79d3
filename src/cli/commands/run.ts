import { HttpError } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { followOptions, followRun, watchOption, type FollowOptions } from "../follow-run.js";
import { readJsonObject } from "../read-input.js";
import { visibleText } from "../visible-text.js";

export const run = defineCommand<FollowOptions & { input?: string; runId?: string; watch?: boolean }>({
  syntax: "run <workflow>",
  summary: "Start a run of a workflow file on the server, and print its id.",
  options: [
    { flags: "--input <json|@file|->", description: "a JSON object, a file of one, or stdin (default: {})" },
    { flags: "--run-id <id>", description: "an id of your own for the run" },
    watchOption,
    ...followOptions,
  ],
  examples: [
    `run ./deploy.tsx --input '{"environment":"staging"}'`,
    "run ./deploy.tsx --input @input.json --run-id nightly-42 --watch",
  ],

  async execute({ args: [workflowPath = ""], options }, session) {
    const input = await readJsonObject("--input", options.input, session);
    const document = await session.client.runWorkflow({ workflowPath, input, runId: options.runId });
    const { runId } = document;
    if (options.watch === true) {
      session.note(`run ${visibleText(runId)} started; to come back: ${session.commandLine("watch", runId)}`);
      return followRun(session, runId, options, { workflowPath });
    }
    return { kind: "document", document, text: () => visibleText(runId) };
  },

  hint(error, { args: [workflow = ""], options }, session) {
    if (!(error instanceof HttpError)) return undefined;
    if (error.status === 409 && options.runId !== undefined) {
      return session.commandLine("watch", options.runId);
    }
    if (error.code === "WORKFLOW_PATH_OUTSIDE_ROOT" || error.status === 500) {
      return `check that ${visibleText(workflow)} is a workflow on the server's machine: its path is looked up there, from the server's root, not here`;
    }
    return undefined;
  },
});
