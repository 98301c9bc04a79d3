// From here it is loaded on use: `node:fs/promises` takes half a millisecond at every start.
import { promises as files } from "node:fs";
import type { NodeView, RunView } from "../../client/index.js";
import type { Session } from "../command.js";
import { formatDuration } from "../describe/duration.js";
import { fitWidth } from "../terminal/fit-width.js";
import { approvalLabel } from "../describe/approval-label.js";
import { bodyLines, errorReport } from "../describe/error-text.js";
import { ownError } from "../describe/failed-nodes.js";
import { chartRows } from "../timeline/fold.js";
import { mermaidGantt } from "../timeline/mermaid.js";
import { predecessorsIn } from "../timeline/predecessors.js";
import type { RunTimes } from "../timeline/run-times.js";
import { buildTimeline } from "../timeline/timeline.js";
import { readTree } from "../tree/read-tree.js";
import type { FollowEnding, Reporter } from "./reporter.js";
import { runResult, elapsed, failureReason } from "../describe/run-result.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** GitHub takes 1 MiB of summary from a step, and nothing of a longer one; in bytes. */
const summaryLimit = 900 * 1024;
/** GitHub shows ten annotations of a step; the summary has all failed nodes. */
const maxAnnotated = 20;
/** How much of an error an annotation has after its first line. */
const annotationLimits = { maxLines: 40, maxLength: 4000, maxFrames: 10 };
/** The most columns of a server's text in a cell. */
const cellWidth = 200;

/**
 * Tells GitHub how a run ended: annotations, the step's summary, and its outputs `run-id` and `status`.
 *
 * @param times what the events that were followed say of when things happened
 */
export function githubReports(session: Session, times: RunTimes): Reporter {
  const { GITHUB_STEP_SUMMARY: summaryFile, GITHUB_OUTPUT: outputFile } = session.context.env;
  return {
    async end(view, ending) {
      annotate(view, ending, session);
      if (summaryFile)
        await files.appendFile(
          summaryFile,
          summary(view, ending, await ganttLines(view, ending, times, session), session),
        );
      if (outputFile) await files.appendFile(outputFile, outputs(view, ending));
    },
  };
}

function annotate(view: RunView, { status, problem, exitCode }: FollowEnding, { annotate }: Session): void {
  const failed = [...view.nodes.values()].filter(({ state }) => state === "failed");
  for (const node of failed.slice(0, maxAnnotated))
    annotate("error", approvalLabel(node), withBody(failureReason(node), node.error));
  const run = `run ${escapeControls(view.runId)}`;
  if (failed.length > maxAnnotated)
    annotate("error", run, `${failed.length - maxAnnotated} more nodes failed`);
  if (problem !== undefined) annotate("error", run, escapeControls(problem));
  else if (exitCode !== 0) annotate("error", run, withBody(runResult(view, status?.status), ownError(view)));
}

function withBody(title: string, error: unknown): string {
  return [title, ...bodyLines(errorReport(error, annotationLimits))].join("\n");
}

/** The timeline as a diagram; empty if nothing has started. */
async function ganttLines(
  { runId }: RunView,
  { problem }: FollowEnding,
  times: RunTimes,
  { cleanupClient: client, serverNow, commandLine }: Session,
): Promise<string[]> {
  // A server that cannot be reached is not asked again.
  const tree = problem === undefined ? await readTree(runId, { client }) : undefined;
  const timeline = buildTimeline(times, serverNow(), tree && predecessorsIn(tree));
  const { lines, leftOut } = mermaidGantt(timeline, chartRows(timeline.rows, false));
  if (lines.length === 0) return [];
  return [
    ...lines,
    "",
    ...(leftOut > 0
      ? [`${leftOut} more rows: <code>${markdownText(commandLine("timeline", runId))}</code>`, ""]
      : []),
  ];
}

function summary(
  view: RunView,
  { status, problem }: FollowEnding,
  gantt: readonly string[],
  session: Session,
): string {
  const name = markdownText(status?.workflowName ?? `run ${view.runId}`);
  const result = problem ?? `${runResult(view, status?.status)}${elapsed(view)}`;
  const head = [
    `### ${name}: ${markdownText(result)}`,
    "",
    `Run <code>${markdownText(view.runId)}</code>, to be seen with <code>${markdownText(session.commandLine("status", view.runId))}</code>`,
    "",
    ...gantt,
    "| Node | Result | Attempts | Took |",
    "| --- | --- | ---: | ---: |",
  ].join("\n");
  const rows: string[] = [];
  let bytes = Buffer.byteLength(head);
  for (const node of view.nodes.values()) {
    const row = summaryRow(node);
    bytes += Buffer.byteLength(row) + 1;
    if (bytes > summaryLimit) break;
    rows.push(row);
  }
  const left = view.nodes.size - rows.length;
  return [head, ...rows, "", ...(left > 0 ? [`${left} more nodes`, ""] : []), ""].join("\n");
}

function summaryRow(node: NodeView): string {
  const result = node.state === "failed" ? `failed: ${failureReason(node)}` : node.state;
  const { startedAtMs, finishedAtMs } = node;
  const took =
    startedAtMs === null || finishedAtMs === null ? "" : formatDuration(finishedAtMs - startedAtMs);
  return `| ${markdownText(approvalLabel(node))} | ${markdownText(result)} | ${node.attempt || ""} | ${took} |`;
}

/** A text as Markdown that shows just that, whatever is in it: nothing of it is markup, a link or the end of a cell. */
function markdownText(text: string): string {
  return fitWidth(escapeControls(text), cellWidth).replace(
    /[!-,./:-@[-`{-~]/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}

function outputs(view: RunView, { status }: FollowEnding): string {
  const values = { "run-id": view.runId, status: status?.status ?? view.status };
  return Object.entries(values)
    .map(([name, value]) => {
      // Nothing in a value can be a line that nobody could know beforehand.
      const end = `end-${crypto.randomUUID()}`;
      return `${name}<<${end}\n${value}\n${end}\n`;
    })
    .join("");
}
