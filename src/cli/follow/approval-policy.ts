import type { ApprovalView, ApprovalContext, ApprovalDecision } from "../../client/index.js";
import type { Session } from "../command.js";
import type { ApprovalDesk } from "../live/approval-desk.js";
import { UsageError } from "../usage-error.js";
import type { OptionSpec } from "../args/option.js";
import { asksForChoice, decisionCommand } from "../describe/approval-choice.js";
import { approvalLabel } from "../describe/approval-label.js";
import { Loops } from "../tree/loops.js";
import { approvalQuestion } from "../tree/approval-question.js";
import { askApproval } from "./ask-approval.js";

const policies = ["ask", "wait", "approve", "deny", "exit"] as const;

/** What to do at an approval of a run that is followed. */
export type ApprovalPolicy = (typeof policies)[number];

/** What every command that follows a run takes about its approvals. */
export interface ApprovalOptions {
  onApproval?: ApprovalPolicy;
  approveOnly?: string[];
  resume?: boolean;
  bell?: boolean;
}

export const approvalOptions: readonly OptionSpec[] = [
  {
    flags: "--on-approval <policy>",
    description: "at an approval: ask, wait, approve, deny or exit (default: ask at a terminal, else wait)",
    choices: policies,
  },
  {
    flags: "--approve-only <glob>",
    description: "approve only nodes whose id matches; may be repeated",
    repeatable: true,
  },
  { flags: "--no-bell", description: "do not ring the terminal's bell when an approval waits for you" },
  { flags: "--no-resume", description: "do not resume the run when a decision needs it" },
];

/**
 * The function that decides the approvals of a run, by the options given; for `ask` a person does.
 *
 * @param desk where the person is asked while it is attended; default: at a prompt
 */
export function approvalDecider(
  { onApproval, approveOnly = [], bell }: ApprovalOptions,
  runId: string,
  session: Session,
  loops = new Loops(async () => undefined),
  desk?: ApprovalDesk,
): {
  policy: ApprovalPolicy;
  decide: (approval: ApprovalView, context: ApprovalContext) => Promise<ApprovalDecision>;
} {
  const policy = onApproval ?? (session.canPrompt ? "ask" : "wait");
  if (approveOnly.length > 0 && policy !== "approve") {
    throw new UsageError("--approve-only goes with --on-approval approve");
  }
  if (policy === "ask" && !session.canPrompt) {
    throw new UsageError("--on-approval ask needs a terminal to ask at, and text as the format");
  }
  const allowed = approveOnly.map(globPattern);
  return {
    policy,
    async decide(announced, { signal }) {
      if (policy === "deny") return "deny";
      const approval = await decidableApproval(announced, session);
      const matches = allowed.length === 0 || allowed.some((pattern) => pattern.test(approval.nodeId));
      // Which option is the right one is for a person to say.
      if (policy === "approve" && matches && !asksForChoice(approval)) return "approve";
      // Before anything is asked of the server, so that approvals which open together ring once.
      if (bell !== false && policy !== "exit")
        session.ring(`${approvalLabel(approval, loops)} waits for approval`);
      const learnt = loops.learn(runId, [approval.nodeId]);
      const question = await approvalQuestion(approval, runId, session.client);
      await learnt;
      const label = approvalLabel(approval, loops);
      const isAtDesk = policy === "ask" && desk?.onChange !== undefined;
      // A key is no choice among options.
      if (isAtDesk && !asksForChoice(approval))
        return await desk.ask({ runId, name: label, question, signal });
      if (policy === "ask" && !isAtDesk)
        return await session.exclusively(() =>
          askApproval({ approval, runId, question, loops }, session, signal),
        );
      const words = question === "" ? "" : ` (${question})`;
      const command = decisionCommand("approve", approval, runId, session, loops);
      session.annotate({
        level: "notice",
        title: label,
        text: `waits for approval${words}; to decide it: ${command}`,
      });
      return "wait";
    },
  };
}

/** The approval as it can be decided: only a gateway takes a choice, other servers take a yes or a no to it. */
async function decidableApproval(approval: ApprovalView, { client }: Session): Promise<ApprovalView> {
  if (!asksForChoice(approval) || (await client.getServerTraits()).hasNodeCalls) return approval;
  return { ...approval, request: { ...approval.request, mode: "gate" } };
}

/**
 * A glob over a node id: `*` is any text, `?` any character. A node id is a name and no path, so this is no work for
 * picomatch, to which `|`, `(` and `"` are syntax: its `*|` would approve every node.
 */
function globPattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`, "u");
}
