import type { ApprovalView, ApprovalContext, ApprovalDecision } from "../../client/index.js";
import type { Session } from "../command.js";
import { UsageError } from "../usage-error.js";
import type { OptionSpec } from "../args/option.js";
import { approvalLabel } from "../describe/approval-label.js";
import { approvalQuestion } from "../tree/approval-question.js";

const policies = ["ask", "wait", "approve", "deny", "exit"] as const;

/** What is to become of the gates of a run that is followed. */
export type ApprovalPolicy = (typeof policies)[number];

/** What every command that follows a run takes about its gates. */
export interface ApprovalOptions {
  onApproval?: ApprovalPolicy;
  approveOnly?: string[];
  resume?: boolean;
  bell?: boolean;
}

export const approvalOptions: readonly OptionSpec[] = [
  {
    flags: "--on-approval <policy>",
    description: "at a gate: ask, wait, approve, deny or exit (default: ask at a terminal, else wait)",
    choices: policies,
  },
  {
    flags: "--approve-only <glob>",
    description: "approve only gates whose node id matches; may be repeated",
    repeatable: true,
  },
  { flags: "--no-bell", description: "do not ring the terminal's bell when a gate waits for you" },
  { flags: "--no-resume", description: "do not resume the run when a decision needs it" },
];

/** The function that decides the gates of a run, by the options given; for `ask` a person does. */
export function approvalDecider(
  { onApproval, approveOnly = [], bell }: ApprovalOptions,
  runId: string,
  session: Session,
): {
  policy: ApprovalPolicy;
  decide: (gate: ApprovalView, context: ApprovalContext) => Promise<ApprovalDecision>;
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
    async decide(gate, { signal }) {
      const matches = allowed.length === 0 || allowed.some((pattern) => pattern.test(gate.nodeId));
      if (policy === "approve" && matches) return "approve";
      if (policy === "deny") return "deny";
      if (bell !== false && policy !== "exit") session.ring(`${approvalLabel(gate)} waits for approval`);
      const question = await approvalQuestion(gate, runId, session.client);
      if (policy === "ask")
        return await session.exclusively(() => ask(gate, question, runId, session, signal));
      const words = question === "" ? "" : ` (${question})`;
      const command = session.commandLine("approve", runId, gate.nodeId);
      session.annotate({
        level: "notice",
        title: approvalLabel(gate),
        text: `waits for approval${words}; to decide it: ${command}`,
      });
      return "wait";
    },
  };
}

async function ask(
  gate: ApprovalView,
  question: string,
  runId: string,
  session: Session,
  signal: AbortSignal,
): Promise<ApprovalDecision> {
  // While others were asked about, this one may have been decided elsewhere.
  signal.throwIfAborted();
  const { stdin } = session.context;
  session.note(session.stderrStyle.bold(`${approvalLabel(gate)} waits for approval`));
  if (question !== "") session.note(`  ${question}`);
  const command = session.commandLine("approve", runId, gate.nodeId);
  const leave = (): ApprovalDecision => {
    session.note(`to decide it later: ${command}`);
    return "wait";
  };
  if (session.context.stderr.terminal?.isForeground === false)
    session.note(`asked once this is in the foreground; to decide it elsewhere: ${command}`);
  for (;;) {
    const answer = await stdin.question("approve, deny or skip? [a/d/s] ", signal);
    if (answer === undefined) return leave();
    const choice = choices.get(answer.trim().toLowerCase());
    if (choice === undefined) {
      session.note("please answer a or approve, d or deny, s or skip");
      continue;
    }
    if (choice === "skip") return leave();
    const note = await stdin.question("note (may be empty): ", signal);
    // With the end of the input a person turns away, and has decided nothing.
    return note === undefined ? leave() : { decision: choice, note: note.trim() || undefined };
  }
}

/** What decides a gate: these words and nothing else. */
const choices: ReadonlyMap<string, "approve" | "deny" | "skip"> = new Map([
  ["a", "approve"],
  ["approve", "approve"],
  ["d", "deny"],
  ["deny", "deny"],
  ["s", "skip"],
  ["skip", "skip"],
]);

/**
 * A glob over a node id: `*` is any text, `?` any character. A node id is a name and no path, so this is no work for
 * picomatch, to which `|`, `(` and `"` are syntax: its `*|` would approve every node.
 */
function globPattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`, "u");
}
