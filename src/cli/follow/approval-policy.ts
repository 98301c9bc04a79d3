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

/** What to do when a followed run reaches an approval. */
export type ApprovalPolicy = (typeof policies)[number];

/** The approval options of every command that follows a run. */
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
 * Returns the function that decides a run's approvals according to the options. With `ask`, a person decides.
 *
 * @param desk where to ask the person while a table shows it. Default: ask at a prompt.
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
    throw new UsageError("--approve-only can only be used with --on-approval approve");
  }
  if (policy === "ask" && !session.canPrompt) {
    throw new UsageError("--on-approval ask needs a terminal, and text output");
  }
  const allowed = approveOnly.map(globPattern);
  return {
    policy,
    async decide(announced, { signal }) {
      if (policy === "deny") return "deny";
      const approval = await decidableApproval(announced, session);
      const matches = allowed.length === 0 || allowed.some((pattern) => pattern.test(approval.nodeId));
      // Only a person can say which option is right.
      if (policy === "approve" && matches && !asksForChoice(approval)) return "approve";
      // Ring before any request to the server, so that approvals that open together ring once.
      if (bell !== false && policy !== "exit")
        session.ring(`${approvalLabel(approval, loops)} waits for approval`);
      const learned = loops.learn(runId, [approval.nodeId]);
      const question = await approvalQuestion(approval, runId, session.client);
      await learned;
      const label = approvalLabel(approval, loops);
      const isAtDesk = policy === "ask" && desk?.onChange !== undefined;
      // A single key cannot choose among options.
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

/** Returns the approval as it can be decided: only a gateway takes a choice; other servers take a yes or a no. */
async function decidableApproval(approval: ApprovalView, { client }: Session): Promise<ApprovalView> {
  if (!asksForChoice(approval) || (await client.getServerTraits()).hasNodeCalls) return approval;
  return { ...approval, request: { ...approval.request, mode: "gate" } };
}

/**
 * Compiles a glob over node ids: `*` is any text, `?` any character. A node id is a name, not a path, so picomatch does
 * not fit: it treats `|`, `(` and `"` as syntax, and its `*|` would approve every node.
 */
function globPattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`, "u");
}
