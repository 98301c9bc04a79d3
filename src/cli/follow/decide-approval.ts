import { isWaitingStatus, type ApprovalRow, type ApprovalView } from "../../client/index.js";
import type { CommandInput, Outcome, Session } from "../command.js";
import { UsageError } from "../usage-error.js";
import type { OptionSpec } from "../args/option.js";
import { parseCount } from "../args/parse-count.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { byOption, followRun, type FollowOptions } from "./follow-run.js";
import { choiceProblem, decisionCommand, parseRanking, type Choice } from "../describe/approval-choice.js";
import { approvalLabel, type LoopNodes, requestOf } from "../describe/approval-label.js";
import { readTree } from "../tree/read-tree.js";
import { loopNodesIn } from "../tree/run-tree.js";
import { approvalQuestion } from "../tree/approval-question.js";
import { tryToResume } from "./manual-resume-hint.js";

export interface DecideOptions extends FollowOptions {
  iteration?: number;
  note?: string;
  select?: string;
  rank?: string[];
  watch?: boolean;
}

export const decideOptions: readonly OptionSpec[] = [
  {
    flags: "--iteration <n>",
    description: "loop iteration (0 is the first; default: the open one)",
    parse: parseCount(0),
  },
  { flags: "--note <text>", description: "why, for the server's records" },
  { flags: "--select <key>", description: "the option to choose, if the approval asks for one" },
  {
    flags: "--rank <key,key,...>",
    description: "the options from best to worst, if the approval asks for a ranking",
    parse: parseRanking,
  },
  byOption,
  {
    flags: "--no-resume",
    description: "record the decision without resuming the run (a gateway always resumes it)",
  },
  { flags: "--resume", description: "resume the run if the decision needs it (the default)" },
  { flags: "-w, --watch", description: "then follow the run to its end" },
];

type Decision = "approve" | "deny";

/** The approval that a command names, possibly only in part. */
interface Named {
  runId: string;
  nodeId: string | undefined;
  iteration: number | undefined;
}

/** Runs `approve` or `deny`: finds the approval, shows it, decides it, and lets the run continue. */
export async function decideApproval(
  decision: Decision,
  { args: [runId = "", nodeId], options }: CommandInput<DecideOptions>,
  session: Session,
): Promise<Outcome> {
  const named: Named = { runId, nodeId, iteration: options.iteration };
  const [approval, loops] = await session.waitFor(
    `reading the approvals of run ${escapeControls(runId)}`,
    Promise.all([findApproval(decision, named, session), readLoops(runId, session)]),
  );
  const isOpen = approval.decision === null;
  const choice = choiceOf(options);
  if (isOpen) checkChoice(decision, approval, choice, runId, loops, session);
  // The events say that it was approved, but not which option was chosen.
  else if (Object.keys(choice).length > 0) throw alreadyDecided(approval, runId, loops, session);
  const document = isOpen
    ? await decide(decision, approval, named, options, loops, session)
    : { runId, changed: false };
  const done = decision === "approve" ? "approved" : "denied";
  const text = `${isOpen ? done : `${done} already:`} ${approvalLabel(approval, loops)} of run ${escapeControls(runId)}`;
  if (options.watch === true) {
    session.note(text);
    return followRun(session, runId, options);
  }
  await resumeIfPaused(runId, options.resume ?? true, session);
  const paint = decision === "approve" ? "green" : "red";
  return { kind: "document", document, text: (style) => style[paint](text) };
}

async function decide(
  decision: Decision,
  approval: ApprovalView,
  { runId, iteration: given }: Named,
  { note, by, ...options }: DecideOptions,
  loops: LoopNodes,
  session: Session,
): Promise<object> {
  const { nodeId, iteration } = approval;
  // A script that runs again must not approve the next iteration of a loop.
  if (given === undefined && iteration > 0 && !session.canPrompt) {
    throw new UsageError(
      `${escapeControls(nodeId)} is in a loop, and an earlier iteration has been decided: pass --iteration`,
      {
        code: "ITERATION_NEEDED",
        hint: session.commandLine(`${decision} --iteration ${Number(iteration)}`, runId, nodeId),
      },
    );
  }
  const question = await approvalQuestion(approval, runId, session.client);
  session.note(
    `${session.stderrStyle.bold(approvalLabel(approval, loops))}${question === "" ? "" : `  ${question}`}`,
  );
  return session.client[decision]({
    runId,
    nodeId,
    iteration,
    note,
    decidedBy: by,
    ...choiceOf(options),
  });
}

function choiceOf({ select, rank }: DecideOptions): Choice {
  return {
    ...(select === undefined ? {} : { selected: select }),
    ...(rank === undefined ? {} : { ranked: rank }),
  };
}

/** @throws {UsageError} if the approval asks for a choice and none is given, or the wrong kind is */
function checkChoice(
  decision: Decision,
  approval: ApprovalView,
  choice: Choice,
  runId: string,
  loops: LoopNodes,
  session: Session,
): void {
  const problem = choiceProblem(approval, choice, decision === "approve");
  if (problem === undefined) return;
  throw new UsageError(problem, {
    code: "CHOICE",
    hint: decisionCommand(decision, approval, runId, session, loops),
  });
}

/** Resumes the run if it has stopped. A failure is only noted, because the decision has been made. */
async function resumeIfPaused(runId: string, isAllowed: boolean, session: Session): Promise<void> {
  const { note, commandLine } = session;
  await tryToResume(runId, session, async (client) => {
    const { resumesByItself } = await client.getServerTraits();
    if (resumesByItself && !isAllowed) note("a gateway continues the run by itself");
    if (resumesByItself) return;
    const { status } = await client.getStatus({ runId });
    if (!isWaitingStatus(status)) return;
    if (!isAllowed) return note(`the run has paused; to resume it: ${commandLine("resume --watch", runId)}`);
    await client.resume({ runId, workflowPath: await client.findWorkflowPath({ runId }) });
    note("resumed the run");
  });
}

/**
 * Finds the approval that is named: an open one, or one that was already decided the same way.
 *
 * @throws {UsageError}
 */
async function findApproval(decision: Decision, named: Named, session: Session): Promise<ApprovalView> {
  const { runId } = named;
  const open = (await session.client.listApprovals({ runId })).map(toApproval);
  const meant = open.filter((approval) => isMeant(approval, named));
  const [approval] = meant;
  if (approval !== undefined && meant.length === 1) return approval;
  const loops = await readLoops(runId, session);
  if (approval !== undefined) throw severalOpen(decision, named, meant, loops, session);

  const { view } = await session.client.loadRunView({ runId });
  const decided = named.nodeId === undefined ? undefined : decidedApproval(named, [...view.nodes.values()]);
  const done = decision === "approve" ? "approved" : "denied";
  if (decided === undefined) throw noneOpen(named, open, view.status, loops, session);
  if (decided.decision === done) return decided;
  throw alreadyDecided(decided, runId, loops, session);
}

function alreadyDecided(
  approval: ApprovalView,
  runId: string,
  loops: LoopNodes,
  { commandLine }: Session,
): UsageError {
  return new UsageError(
    `${approvalLabel(approval, loops)} of run ${escapeControls(runId)} was ${approval.decision ?? "decided"} already`,
    { code: "ALREADY_DECIDED", hint: commandLine("status", runId) },
  );
}

function isMeant(approval: { nodeId: string; iteration: number }, { nodeId, iteration }: Named): boolean {
  return (
    (nodeId === undefined || approval.nodeId === nodeId) &&
    (iteration === undefined || approval.iteration === iteration)
  );
}

function toApproval(row: ApprovalRow): ApprovalView {
  const { nodeId, iteration, requestedAtMs, approvalMode: mode, options } = row;
  const request = {
    title: null,
    summary: null,
    ...requestOf(row),
    ...(mode === undefined ? {} : { mode }),
    ...(options === undefined ? {} : { options }),
  };
  return { nodeId, iteration, decision: null, requestedAtMs, decidedAtMs: null, request };
}

/** Returns the newest decision about the node that is named. */
function decidedApproval(
  named: Named,
  nodes: readonly { nodeId: string; iteration: number; approval: ApprovalView | null }[],
): ApprovalView | undefined {
  return nodes
    .filter((node) => isMeant(node, named))
    .flatMap(({ approval }) => approval ?? [])
    .findLast((approval) => approval.decision !== null);
}

function severalOpen(
  decision: Decision,
  { runId }: Named,
  meant: readonly ApprovalView[],
  loops: LoopNodes,
  { commandLine }: Session,
): UsageError {
  const [first] = meant;
  const { nodeId = "", iteration = 0 } = first ?? {};
  const isSameNode = meant.every((other) => other.nodeId === nodeId);
  const command = isSameNode ? `${decision} --iteration ${Number(iteration)}` : decision;
  return new UsageError(
    `run ${escapeControls(runId)} has ${meant.length} open approvals: ${labels(meant, loops)}; name one`,
    { code: "SEVERAL_OPEN_APPROVALS", hint: commandLine(command, runId, nodeId) },
  );
}

function noneOpen(
  { runId, nodeId, iteration }: Named,
  open: readonly ApprovalView[],
  status: string,
  loops: LoopNodes,
  { commandLine }: Session,
): UsageError {
  const run = `run ${escapeControls(runId)}`;
  const node = nodeId === undefined ? "no node" : `node ${escapeControls(nodeId)}`;
  const suffix = iteration === undefined ? "" : ` in iteration ${iteration}`;
  const others = open.length === 0 ? "it has no open approval" : `open approvals: ${labels(open, loops)}`;
  const message =
    nodeId === undefined && iteration === undefined
      ? `${run} has no open approval; it is ${escapeControls(status)}`
      : `${node}${suffix} of ${run} is not waiting for approval; ${others}`;
  return new UsageError(message, { code: "NO_OPEN_APPROVAL", hint: commandLine("status", runId) });
}

function labels(approvals: readonly ApprovalView[], loops: LoopNodes): string {
  return approvals.map((approval) => approvalLabel(approval, loops)).join(", ");
}

async function readLoops(runId: string, { client }: Session): Promise<LoopNodes> {
  return loopNodesIn(await readTree(runId, { client }));
}
