import { isResumableStatus, ArgumentError, HttpError, type RunReference } from "../../client/index.js";
import { defineCommand, type Session } from "../command.js";
import { UsageError } from "../usage-error.js";
import {
  checkFollow,
  concurrencyOption,
  followOptions,
  watchOption,
  type ConcurrencyOptions,
  type FollowOptions,
} from "../follow/follow-run.js";
import { endedRunHint } from "../follow/ended-run-hint.js";
import { followResumed, sendResume } from "../follow/follow-resumed.js";
import { startedOutcome } from "../follow/started-outcome.js";
import { inputOptions, readRunInput, type InputOptions } from "../input/run-input.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { workflowHint } from "../args/workflow-hint.js";

interface RunOptions extends InputOptions, ConcurrencyOptions {
  runId?: string;
  watch?: boolean;
  ifExists?: IfExists;
}

const choices = ["fail", "attach", "resume"] as const;
type IfExists = (typeof choices)[number];

export const run = defineCommand<FollowOptions & RunOptions>({
  syntax: "run <workflow>",
  summary: "Start a run of a workflow",
  description:
    "Start a run of a workflow, and print its id. The workflow is a file on the server's machine, named by its path from the server's root; files on this machine are never sent. A gateway knows it by a key: the file's name without .tsx.",
  options: [
    ...inputOptions,
    { flags: "--run-id <id>", description: "the run's id (default: a new one)" },
    {
      flags: "--if-exists <what>",
      description: "with --run-id, if the run exists: fail, attach or resume (default: fail)",
      choices,
    },
    concurrencyOption,
    watchOption,
    ...followOptions,
  ],
  examples: [
    `run ./deploy.tsx --input '{"environment":"staging"}'`,
    'run ./deploy.tsx -f environment=staging -F regions=\'["eu","us"]\' --watch',
    "run ./deploy.tsx --input @input.json --run-id nightly-42 --watch",
  ],

  check({ options }, session) {
    if (options.ifExists !== undefined && options.runId === undefined) {
      throw new UsageError("--if-exists needs --run-id: without it every run is a new one");
    }
    checkFollow(options, session);
  },

  async execute({ args: [workflowPath = ""], options }, session) {
    const { maxConcurrency } = options;
    const input = await readRunInput(options, {}, session);
    const started = await start(workflowPath, input, options, session);
    if (started === "resume" && options.watch === true && options.runId !== undefined)
      return followResumed(session, options.runId, workflowPath, options);
    const document =
      started === "resume"
        ? (await sendResume({ runId: options.runId ?? "", workflowPath, maxConcurrency }, session)).answer
        : started;
    return startedOutcome(document, workflowPath, options, session);
  },

  async hint(error, { args: [workflow = ""], options }, session) {
    if (error instanceof ArgumentError && error.argument === "runId" && options.runId !== undefined)
      return usableIdHint(options.runId);
    if (!(error instanceof HttpError)) return undefined;
    if (error.code === "RUN_ENDED") return endedRunHint(error, options.runId ?? "", session);
    if (error.status === 409 && options.runId !== undefined) {
      return session.commandLine("watch", options.runId);
    }
    return workflowHint(error, workflow, session);
  },
});

/** Suggests an id close to one that no request can carry, such as the name of a branch. */
function usableIdHint(runId: string): string {
  const usable = runId
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\w.~:@+-]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return usable === ""
    ? "use letters, digits, '-', '_' and '.' for the id"
    : `use an id of letters, digits, '-', '_' and '.': --run-id ${usable}`;
}

/**
 * Starts the run, or returns the existing one with this id, so that a CI step that is retried finds its own run.
 * Returns `"resume"` if the caller has to resume that run.
 */
async function start(
  workflowPath: string,
  input: object,
  { runId, ifExists = "fail", maxConcurrency }: RunOptions,
  { client, note }: Session,
): Promise<RunReference | "resume"> {
  try {
    return await client.runWorkflow({ workflowPath, input, runId, maxConcurrency });
  } catch (error) {
    if (!(error instanceof HttpError) || error.status !== 409 || runId === undefined || ifExists === "fail")
      throw error;
    const { status } = await client.getStatus({ runId });
    note(`run ${escapeControls(runId)} exists and is ${escapeControls(status)}`);
    return ifExists === "resume" && isResumableStatus(status) ? "resume" : { runId };
  }
}
