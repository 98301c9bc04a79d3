import { ArgumentError, HttpError } from "../../client/index.js";
import { defineCommand, UsageError, type Session } from "../command.js";
import {
  checkFollow,
  followOptions,
  followRun,
  watchOption,
  type FollowOptions,
} from "../follow/follow-run.js";
import { canResume } from "../status-table.js";
import { visibleText } from "../terminal/visible-text.js";
import { workflowHint } from "../workflow-hint.js";

export const resume = defineCommand<FollowOptions & { watch?: boolean }>({
  syntax: "resume <run-id> [workflow]",
  summary: "Let a paused or failed run go on; its workflow is looked up on the server when left out.",
  options: [watchOption, ...followOptions],
  changesRuns: true,
  offersRun: canResume,
  examples: ["resume 4f1c --watch", "resume 4f1c ./deploy.tsx"],

  async execute({ args, options }, session) {
    checkFollow(options, session);
    const { runId, workflow } = inOrder(args, session);
    const workflowPath = workflow ?? (await session.client.findWorkflowPath({ runId }));
    const document = await session.client.resume({ runId, workflowPath });
    if (options.watch === true) return followRun(session, runId, options, { workflowPath });
    return { kind: "document", document, text: () => visibleText(document.runId) };
  },

  hint(error, { args }, session) {
    if (error instanceof ArgumentError && error.argument === "runId") return session.commandLine("ls");
    if (!(error instanceof HttpError)) return undefined;
    const { runId, workflow } = inOrder(args, session);
    if (error.code === "DB_NOT_CONFIGURED") {
      return `this server keeps no list of runs, so pass the workflow: ${session.commandLine("resume", runId, "<workflow>").replace("'<workflow>'", "<workflow>")}`;
    }
    return workflow === undefined ? undefined : workflowHint(error, workflow);
  },
});

/** The two arguments, also where they were typed the other way round. */
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
