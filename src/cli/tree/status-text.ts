import { isTerminalStatus, emptyRunView, type Run, type RunView } from "../../client/index.js";
import type { Session } from "../command.js";
import { formatDuration, formatTime } from "../describe/duration.js";
import { errorTitle } from "../describe/error-text.js";
import { errorSections } from "../describe/error-sections.js";
import { paintStatus } from "../terminal/paint-status.js";
import { readTree } from "./read-tree.js";
import { loopNodesIn, runTree } from "./run-tree.js";
import type { Style } from "../terminal/style.js";
import { fieldList } from "../terminal/table.js";
import { groupWords, treeLines } from "./tree-lines.js";
import { treeRows } from "./tree-rows.js";
import { escapeMessage, escapeControls } from "../terminal/escape-controls.js";
import { findBlockers } from "../describe/blockers.js";

/** Describes a run's status for people: the facts, its tree, its errors, and what keeps it from continuing. */
export async function statusText(status: Run, session: Session, style: Style): Promise<string> {
  const { runId } = status;
  const { resumesByItself } = await session.client.getServerTraits();
  const [history, frame, workflowPath] = await Promise.all([
    readView(runId, session),
    readTree(runId, session),
    status.status === "failed" && !resumesByItself
      ? session.client.findWorkflowPath({ runId }).catch(() => undefined)
      : undefined,
  ]);
  const { view, problem, asOf } = history;
  const now = session.serverNow();
  const loops = loopNodesIn(frame);
  const rows = treeRows(runTree(frame, view), view, Infinity);
  const within = frame?.within;
  const tree = [
    ...(within === undefined || rows.length === 0 ? [] : [style.dim(groupWords(within, style))]),
    ...treeLines(rows, { view, now, style, spinner: style.symbols.running }),
  ];
  const errors = errorSections(view, tree, session, style, loops);
  const blockers = findBlockers(status, view, { now, resumesByItself, workflowPath, loops });
  const still = blockers.flatMap(({ what, command }) => [
    `${style.yellow(style.symbols.waiting)} ${what}`,
    ...(command === undefined
      ? []
      : [`  ${style.dim("next:")}  ${escapeControls(session.commandLine(...command))}`]),
  ]);
  return [
    fieldList(fields(status, view, now, style), style),
    ...(tree.length === 0 ? [] : ["", ...tree]),
    ...errors.flatMap((lines) => ["", ...lines]),
    ...(problem === "" ? [] : ["", style.red(`its events cannot be read: ${problem}`)]),
    ...(asOf === null ? [] : ["", style.dim(`the run continues; ${readUpTo(view)}`)]),
    ...(still.length === 0 ? [] : ["", ...still]),
  ].join("\n");
}

function readUpTo({ updatedAtMs }: RunView): string {
  return updatedAtMs === null ? "no events yet" : `the nodes are shown as of ${formatTime(updatedAtMs)}`;
}

async function readView(
  runId: string,
  { client, signal }: Session,
): Promise<{ view: RunView; problem: string; asOf: number | null }> {
  try {
    return { ...(await client.loadRunView({ runId })), problem: "" };
  } catch (error) {
    if (signal.aborted) throw error;
    return { view: emptyRunView(runId), problem: escapeMessage((error as Error).message), asOf: null };
  }
}

function fields(
  { runId, workflowName, status, startedAtMs, finishedAtMs, summary }: Run,
  view: RunView,
  now: number,
  style: Style,
): (readonly [string, string])[] {
  const counts = Object.entries(summary ?? {}).map(([state, count]) => `${count} ${escapeControls(state)}`);
  const ended = isTerminalStatus(status) ? finishedAtMs : null;
  const because = status === "failed" ? errorTitle(view.error) : "";
  return [
    ["run", escapeControls(runId)],
    ["workflow", escapeControls(workflowName ?? "-")],
    ["status", paintStatus(status, style)],
    ...(because === "" ? [] : [["error", style.red(because)] as const]),
    ["started", formatTime(startedAtMs)],
    ["ended", formatTime(ended)],
    ["took", startedAtMs === null ? "-" : formatDuration((ended ?? now) - startedAtMs)],
    ["nodes", counts.length === 0 ? "none yet" : counts.join(", ")],
  ];
}
