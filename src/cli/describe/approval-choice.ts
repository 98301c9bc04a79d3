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

/** The most options that an error or a question lists. A person does not read more. */
const maxShown = 40;

/** Returns what an approval asks for; `undefined` if the server does not say. */
export function approvalMode({ request }: Pick<ApprovalView, "request">): ApprovalMode | undefined {
  const mode = request?.mode;
  if (mode === undefined) return undefined;
  return mode === "select" || mode === "rank" ? mode : "yes-or-no";
}

/** Whether the approval asks for an option or a ranking, so that a plain yes is not enough. */
export function asksForChoice(approval: Pick<ApprovalView, "request">): boolean {
  const mode = approvalMode(approval);
  return mode === "select" || mode === "rank";
}

/** Returns the options of an approval that asks for a choice. */
export function choiceOptions({ request }: Pick<ApprovalView, "request">): ChoiceOption[] {
  const options: readonly unknown[] = Array.isArray(request?.options) ? request.options : [];
  return options.flatMap((option) => {
    const { key, label, summary } = (option ?? {}) as Record<string, unknown>;
    return typeof key === "string" ? [{ key, label, summary }] : [];
  });
}

/** Returns the options' keys, escaped, on one line. */
export function optionKeys(approval: Pick<ApprovalView, "request">): string {
  return shortened(
    choiceOptions(approval).map(({ key }) => escapeControls(key)),
    (left) => `and ${left} more`,
  ).join(", ");
}

/** Returns a line for each option: its key, then its label and summary. */
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

/** Returns the command that decides an approval, with a placeholder for the choice if it needs one. */
export function decisionCommand(
  decision: "approve" | "deny",
  approval: Pick<ApprovalView, "request" | "nodeId" | "iteration">,
  runId: string,
  { commandLine }: Pick<Session, "commandLine">,
  loops = noLoops,
): string {
  const { nodeId } = approval;
  const iteration = iterationOf(approval, loops);
  const flag = iteration === undefined ? "" : ` --iteration ${Number(iteration)}`;
  const mode = decision === "approve" ? approvalMode(approval) : undefined;
  const [option, place] =
    mode === "select" ? [" --select ", "<key>"] : mode === "rank" ? [" --rank ", "<key,key,...>"] : ["", ""];
  // The placeholder is not a literal argument, so it needs no quotes.
  return commandLine(`${decision}${flag}${option}${place}`, runId, nodeId).replace(`'${place}'`, place);
}

/** The choice that a decision carries. */
export interface Choice {
  selected?: string;
  ranked?: string[];
}

/**
 * Returns what is wrong with a choice, as an error message; `undefined` if nothing is.
 *
 * @param isApproval whether the decision is an approval; a denial needs no choice
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
    return `'${escapeControls(unknown)}' is not an option of ${label}; its options are ${optionKeys(approval)}`;
  }
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  return twice === undefined ? undefined : `'${escapeControls(twice)}' is in the ranking twice`;
}

/** Parses a ranking, such as `blue,green`. */
export function parseRanking(text: string): string[] {
  return text.split(",").map((key) => key.trim());
}
