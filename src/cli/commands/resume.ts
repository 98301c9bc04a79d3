import { isResumableStatus, ArgumentError, HttpError } from "../../client/index.js";
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
import { followResumed, nothingResumed, sendResume } from "../follow/follow-resumed.js";
import { isLoadError } from "../describe/server-refusal.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { workflowHint } from "../args/workflow-hint.js";

export const resume = defineCommand<FollowOptions & ConcurrencyOptions & { watch?: boolean }>({
  syntax: "resume <run-id> [workflow]",
  summary: "Resume a paused or failed run",
  description: "Resume a paused or failed run. The workflow is looked up on the server if it is not given.",
  options: [concurrencyOption, watchOption, ...followOptions],
  changesRuns: true,
  offersRun: isResumableStatus,
  examples: ["resume 4f1c --watch", "resume 4f1c ./deploy.tsx"],

  check: ({ options }, session) => checkFollow(options, session),

  async execute({ args, options }, session) {
    const { runId, workflow } = inOrder(args, session);
    const { client } = session;
    const { resumeNeedsWorkflow } = await client.getServerTraits();
    if (workflow !== undefined && !resumeNeedsWorkflow)
      session.note(`the server knows the run's workflow; ${escapeControls(workflow)} is not used`);
    const workflowPath = resumeNeedsWorkflow
      ? (workflow ?? (await client.findWorkflowPath({ runId })))
      : undefined;
    if (options.watch === true) return followResumed(session, runId, workflowPath, options);
    const { maxConcurrency } = options;
    const { answer: document, isExecuting } = await sendResume(
      { runId, workflowPath, maxConcurrency },
      session,
    );
    if (isExecuting) {
      throw new UsageError(`${nothingResumed(runId)}, at ${session.baseUrl}`, {
        code: "NOT_RESUMED",
        hint: session.commandLine("watch", runId),
      });
    }
    return { kind: "document", document, text: () => escapeControls(document.runId) };
  },

  async hint(error, { args }, session) {
    if (error instanceof ArgumentError && error.argument === "runId") return session.commandLine("ls");
    if (!(error instanceof HttpError)) return undefined;
    const { runId, workflow } = inOrder(args, session);
    if (error.code === "RUN_ENDED") return endedRunHint(error, runId, session);
    if (error.code === "DB_NOT_CONFIGURED") {
      return `this server keeps no list of runs, so pass the workflow: ${session.commandLine("resume", runId)} <workflow>`;
    }
    if (workflow !== undefined) return workflowHint(error, workflow, session);
    if (!isLoadError(error)) return undefined;
    const command = session.commandLine("resume", runId, "<workflow>").replace("'<workflow>'", "<workflow>");
    return `the run's workflow can no longer be loaded; fix it, or name it: ${command}`;
  },
});

/** Returns the two arguments in order, even if they were typed the other way around. */
function inOrder(
  [first = "", second]: readonly (string | undefined)[],
  session: Session,
): { runId: string; workflow?: string } {
  if (second === undefined) {
    if (!looksLikeFile(first)) return { runId: first };
    throw new UsageError(`'${first}' is a workflow; the run to resume is missing`, {
      hint: session.commandLine("ls"),
    });
  }
  return looksLikeFile(first) && !looksLikeFile(second)
    ? { runId: second, workflow: first }
    : { runId: first, workflow: second };
}

function looksLikeFile(word: string): boolean {
  return /\.[cm]?[jt]sx?$|^\.{0,2}\//.test(word);
}
