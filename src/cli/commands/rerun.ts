import { HttpError } from "../../client/index.js";
import { workflowHint } from "../args/workflow-hint.js";
import { defineCommand, type Session } from "../command.js";
import {
  checkFollow,
  concurrencyOption,
  followOptions,
  watchOption,
  type ConcurrencyOptions,
  type FollowOptions,
} from "../follow/follow-run.js";
import { startedOutcome } from "../follow/started-outcome.js";
import { inputOptions, readRunInput, type InputOptions } from "../input/run-input.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { UsageError } from "../usage-error.js";

/** Where `run` defaults to `{}`, a rerun defaults to the run's original input. */
const inputDescription = "the whole input: a JSON object, a file of one, or stdin (default: the run's)";

interface RerunOptions extends FollowOptions, InputOptions, ConcurrencyOptions {
  newRunId?: string;
  watch?: boolean;
}

export const rerun = defineCommand<RerunOptions>({
  syntax: "rerun <run-id>",
  summary: "Start a run's workflow again",
  description:
    "Start a run's workflow again under a new id, and print the id. A gateway reuses the run's input; other servers do not return it, so pass it with --input.",
  options: [
    ...inputOptions.map((option) =>
      option.flags.startsWith("--input") ? { ...option, description: inputDescription } : option,
    ),
    { flags: "--new-run-id <id>", description: "the new run's id (default: a new one)" },
    concurrencyOption,
    watchOption,
    ...followOptions,
  ],
  examples: ["rerun @latest --watch", "rerun 4f1c --input @input.json -f environment=production"],

  check({ options }, session) {
    checkFollow(options, session);
  },

  async execute({ args: [runId = ""], options }, session) {
    const { client } = session;
    const { input, field, rawField, newRunId, maxConcurrency } = options;
    if (input !== undefined) {
      const workflowPath = await client.findWorkflowPath({ runId });
      const started = await client.runWorkflow({
        workflowPath,
        input: await readRunInput(options, {}, session),
        runId: newRunId,
        maxConcurrency,
      });
      return startedOutcome(started, workflowPath, options, session);
    }
    if ((field ?? rawField ?? maxConcurrency) !== undefined) {
      const flag = rawField !== undefined ? "-f" : field !== undefined ? "-F" : "--max-concurrency";
      throw inputMissing(
        `${flag} needs the whole input, with --input: no server returns that of a run`,
        runId,
        session,
      );
    }
    try {
      return startedOutcome(await client.rerun({ runId, newRunId }), undefined, options, session);
    } catch (error) {
      if (!(error instanceof HttpError) || error.code !== "NEEDS_GATEWAY") throw error;
      // A missing run is the first thing to report.
      await client.getStatus({ runId });
      const what = `this server does not return the input of run ${escapeControls(runId)}; pass it again`;
      throw inputMissing(`${what}, at ${session.baseUrl}`, runId, session);
    }
  },

  async hint(error, { args: [runId = ""] }, session) {
    if (!(error instanceof HttpError)) return undefined;
    if (error.code === "DB_NOT_CONFIGURED") {
      return `this server keeps no list of runs, so name the workflow: ${session.commandLine("run")} <workflow> --input <json>`;
    }
    const workflow = await session.cleanupClient.findWorkflowPath({ runId }).catch(() => undefined);
    return workflow === undefined ? undefined : workflowHint(error, workflow, session);
  },
});

function inputMissing(what: string, runId: string, { commandLine }: Session): UsageError {
  const command = commandLine("rerun --input <json>", runId).replace("'<json>'", "<json>");
  return new UsageError(what, {
    code: "INPUT_NEEDED",
    hint: `${command}; for a run that was started without input: --input '{}'`,
  });
}
