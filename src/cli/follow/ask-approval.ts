import type { ApprovalDecision, ApprovalView } from "../../client/index.js";
import type { Session } from "../command.js";
import {
  approvalMode,
  asksForChoice,
  choiceProblem,
  decisionCommand,
  optionLines,
  parseRanking,
  type Choice,
} from "../describe/approval-choice.js";
import { approvalLabel, type LoopNodes } from "../describe/approval-label.js";

/** An approval that a person is asked about. */
export interface Asked {
  approval: ApprovalView;
  runId: string;
  /** What the approval asks, escaped; empty if it does not say. */
  question: string;
  /** Which of the run's nodes are in a loop. */
  loops: LoopNodes;
}

/** Asks a person at the terminal to decide an approval. Only an exact answer decides. */
export async function askApproval(
  { approval, runId, question, loops }: Asked,
  session: Session,
  signal: AbortSignal,
): Promise<ApprovalDecision> {
  // This approval may have been decided elsewhere while the person was asked about another one.
  signal.throwIfAborted();
  const { stdin } = session.context;
  session.note(session.stderrStyle.bold(`${approvalLabel(approval, loops)} waits for approval`));
  if (question !== "") session.note(`  ${question}`);
  const mustChoose = asksForChoice(approval);
  if (mustChoose) for (const line of optionLines(approval)) session.note(line);
  const command = decisionCommand("approve", approval, runId, session, loops);
  const leave = (): ApprovalDecision => {
    session.note(`to decide it later: ${command}`);
    return "wait";
  };
  if (session.context.stderr.terminal?.isForeground === false)
    session.note(`asked once this is in the foreground; to decide it elsewhere: ${command}`);
  for (;;) {
    const answer = await stdin.question("approve, deny or skip? [a/d/s] ", signal);
    if (answer === undefined) return leave();
    const decision = words.get(answer.trim().toLowerCase());
    if (decision === undefined) {
      session.note("please answer a or approve, d or deny, s or skip");
      continue;
    }
    if (decision === "skip") return leave();
    const choice = mustChoose && decision === "approve" ? await askChoice(approval, session, signal) : {};
    if (choice === undefined) return leave();
    const note = await stdin.question("note (may be empty): ", signal);
    // If the input ends here, the person has decided nothing.
    return note === undefined ? leave() : { decision, note: note.trim() || undefined, ...choice };
  }
}

/** Asks for one of the options, or for a ranking; `undefined` if nothing was chosen. */
async function askChoice(
  approval: ApprovalView,
  { note, context: { stdin } }: Session,
  signal: AbortSignal,
): Promise<Choice | undefined> {
  const isRanking = approvalMode(approval) === "rank";
  const prompt = isRanking ? "which order, best first (key,key,...)? " : "which option (its key)? ";
  for (;;) {
    const answer = (await stdin.question(prompt, signal))?.trim();
    if (answer === undefined || answer === "") return undefined;
    const choice = isRanking ? { ranked: parseRanking(answer) } : { selected: answer };
    const problem = choiceProblem(approval, choice, true);
    if (problem === undefined) return choice;
    note(problem);
  }
}

/** The only answers that decide an approval. */
const words: ReadonlyMap<string, "approve" | "deny" | "skip"> = new Map([
  ["a", "approve"],
  ["approve", "approve"],
  ["d", "deny"],
  ["deny", "deny"],
  ["s", "skip"],
  ["skip", "skip"],
]);
