import type { ApprovalView } from "../../client/index.js";
import type { Session } from "../command.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { approvalLabel, iterationOf, noLoops, requestWords } from "./approval-label.js";

/** What an approval asks for: yes or no, one of its options, or a ranking of them. */
export type ApprovalMode = "yes-or-no" | "select" | "rank";

/** One of the options to choose from. */
export interface ChoiceOption {
  key: string;
  label: unknown;
  summary: unknown;
}

/** More options than a person reads; an error or a question names no more. */
const maxShown = 40;

/** What an approval asks for; undefined where the server does not say. */
export function approvalMode({ request }: Pick<ApprovalView, "request">): ApprovalMode | undefined {
  const mode = request?.mode;
  if (mode === undefined) return undefined;
  return mode === "select" || mode === "rank" ? mode : "yes-or-no";
}

/** Whether a plain yes would leave out what the approval asks for. */
export function asksForChoice(approval: Pick<ApprovalView, "request">): boolean {
  const mode = approvalMode(approval);
  return mode === "select" || mode === "rank";
}

/** The options of an approval that asks for a choice. */
export function choiceOptions({ request }: Pick<ApprovalView, "request">): ChoiceOption[] {
  const options: readonly unknown[] = Array.isArray(request?.options) ? request.options : [];
  return options.flatMap((option) => {
    const { key, label, summary } = (option ?? {}) as Record<string, unknown>;
    return typeof key === "string" ? [{ key, label, summary }] : [];
  });
}

/** The options' keys in a line. */
export function optionKeys(approval: Pick<ApprovalView, "request">): string {
  return shortened(
    choiceOptions(approval).map(({ key }) => escapeControls(key)),
    (left) => `and ${left} more`,
  ).join(", ");
}

/** The options, each in a line: its key, and what it is. */
export function optionLines(approval: Pick<ApprovalView, "request">): string[] {
  const lines = choiceOptions(approval).map(({ key, label, summary }) => {
    const words = requestWords(label === key ? "" : label, summary);
    return `  ${escapeControls(key)}${words === "" ? "" : `  ${words}`}`;
  });
  return shortened(lines, (left) => `  … ${left} more`);
}

function shortened(lines: readonly string[], rest: (left: number) => string): string[] {
  if (lines.length <= maxShown) return [...lines];
  return [...lines.slice(0, maxShown), rest(lines.length - maxShown)];
}

/** The command that decides an approval, with a place for the choice that an approval needs. */
export function decisionCommand(
  decision: "approve" | "deny",
  approval: Pick<ApprovalView, "request" | "nodeId" | "iteration">,
  runId: string,
  { commandLine }: Pick<Session, "commandLine">,
  loops = noLoops,
): string {
  const { nodeId } = approval;
  const iteration = iterationOf(approval, loops);
  const turn = iteration === undefined ? "" : ` --iteration ${Number(iteration)}`;
  const mode = decision === "approve" ? approvalMode(approval) : undefined;
  const [option, place] =
    mode === "select" ? [" --select ", "<key>"] : mode === "rank" ? [" --rank ", "<key,key,...>"] : ["", ""];
  // It is no word to be taken as it is, so it needs no quotes.
  return commandLine(`${decision}${turn}${option}${place}`, runId, nodeId).replace(`'${place}'`, place);
}

/** What was chosen, as a decision carries it. */
export interface Choice {
  selected?: string;
  ranked?: string[];
}

/**
 * What is wrong with a choice, in words that follow the approval's name; undefined if nothing is.
 *
 * @param isApproval a denial needs no choice
 */
export function choiceProblem(
  approval: Pick<ApprovalView, "request" | "nodeId" | "iteration">,
  { selected, ranked }: Choice,
  isApproval: boolean,
): string | undefined {
  const mode = approvalMode(approval);
  const label = approvalLabel(approval);
  const isGiven = selected !== undefined || ranked !== undefined;
  if (mode === undefined) return undefined;
  if (!isGiven) {
    if (!isApproval || mode === "yes-or-no") return undefined;
    const what = mode === "select" ? "one of its options" : "a ranking of its options, best first";
    return `${label} asks for ${what}: ${optionKeys(approval)}`;
  }
  if (mode === "yes-or-no") return `${label} asks for a yes or a no, not for a choice`;
  if ((mode === "select") !== (selected !== undefined)) {
    return mode === "select"
      ? `${label} asks for one of its options, not for a ranking`
      : `${label} asks for a ranking of its options, not for one of them`;
  }
  const keys = ranked ?? [selected ?? ""];
  const known = new Set(choiceOptions(approval).map(({ key }) => key));
  const unknown = keys.find((key) => !known.has(key));
  if (known.size > 0 && unknown !== undefined) {
    return `'${escapeControls(unknown)}' is no option of ${label}; its options are ${optionKeys(approval)}`;
  }
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  return twice === undefined ? undefined : `'${escapeControls(twice)}' is in the ranking twice`;
}

/** Reads a ranking, such as `blue,green`. */
export function parseRanking(text: string): string[] {
  return text.split(",").map((key) => key.trim());
}
