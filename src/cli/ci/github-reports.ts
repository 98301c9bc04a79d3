// Importing it from `node:fs` loads it on use; `node:fs/promises` takes half a millisecond at every start.
import { promises as files } from "node:fs";
import type { NodeView, RunView } from "../../client/index.js";
import { formatDuration } from "../describe/duration.js";
import { fitWidth } from "../terminal/fit-width.js";
import { approvalLabel, type LoopNodes } from "../describe/approval-label.js";
import { bodyLines, errorReport } from "../describe/error-text.js";
import { failedNodes, ownError } from "../describe/failed-nodes.js";
import { chartRows } from "../timeline/fold.js";
import { mermaidGantt } from "../timeline/mermaid.js";
import { predecessorsIn } from "../timeline/predecessors.js";
import { RunTimes } from "../timeline/run-times.js";
import { buildTimeline } from "../timeline/timeline.js";
import type { FollowEnding, Reporter, ReportContext } from "./reporter.js";
import { elapsed, failureReason, runResult, tookMs } from "../describe/run-result.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** GitHub accepts a summary of 1 MiB per step, and drops a longer one entirely. In bytes. */
const summaryLimit = 900 * 1024;
/** The maximum number of annotated nodes. GitHub shows ten annotations per step; the summary has all failed nodes. */
const maxAnnotated = 20;
/** How much of an error's details an annotation has after its first line. */
const annotationLimits = { maxLines: 40, maxLength: 4000, maxFrames: 10 };
/** The maximum width of a server's text in a cell, in columns. */
const cellWidth = 200;

/** Reports the end of a run to GitHub: annotations, the step's summary, and its outputs `run-id` and `status`. */
export function githubReports(context: ReportContext): Reporter {
  const { GITHUB_STEP_SUMMARY: summaryFile, GITHUB_OUTPUT: outputFile } = context.env;
  const times = new RunTimes();
  return {
    observe(events) {
      for (const event of events) times.add(event);
    },
    async end(view, ending) {
      annotateFailures(view, ending, context);
      if (summaryFile) {
        const gantt = await ganttLines(times, view, ending, context);
        await files.appendFile(summaryFile, summary(view, ending, gantt, context));
      }
      if (outputFile) await files.appendFile(outputFile, outputs(view, ending));
    },
  };
}

function annotateFailures(
  view: RunView,
  { status, problem, exitCode, loops }: FollowEnding,
  context: ReportContext,
): void {
  const annotate = (title: string, text: string) => context.annotate({ level: "error", title, text });
  const failed = failedNodes(view);
  for (const node of failed.slice(0, maxAnnotated))
    annotate(approvalLabel(node, loops), withBody(failureReason(node), node.error));
  const run = `run ${escapeControls(view.runId)}`;
  if (failed.length > maxAnnotated) annotate(run, `${failed.length - maxAnnotated} more nodes failed`);
  if (problem !== undefined) annotate(run, escapeControls(problem));
  else if (exitCode !== 0) annotate(run, withBody(runResult(view, status?.status), ownError(view)));
}

function withBody(title: string, error: unknown): string {
  return [title, ...bodyLines(errorReport(error, annotationLimits))].join("\n");
}

/** Returns the timeline as a diagram; empty if nothing has started. */
async function ganttLines(
  times: RunTimes,
  { runId }: RunView,
  { problem, loops }: FollowEnding,
  { readTree, serverNow, commandLine }: ReportContext,
): Promise<string[]> {
  // Do not send requests to a server that could not be reached.
  const tree = problem === undefined ? await readTree(runId) : undefined;
  const timeline = buildTimeline(times, serverNow(), tree && predecessorsIn(tree));
  const { lines, leftOut } = mermaidGantt(timeline, chartRows(timeline.rows, false, loops));
  if (lines.length === 0) return [];
  const command = markdownText(commandLine("timeline", runId));
  return [...lines, "", ...(leftOut > 0 ? [`${leftOut} more rows: <code>${command}</code>`, ""] : [])];
}

function summary(
  view: RunView,
  { status, problem, loops }: FollowEnding,
  gantt: readonly string[],
  { commandLine }: ReportContext,
): string {
  const name = markdownText(status?.workflowName ?? `run ${view.runId}`);
  const result = problem ?? `${runResult(view, status?.status)}${elapsed(view)}`;
  const head = [
    `### ${name}: ${markdownText(result)}`,
    "",
    `Run <code>${markdownText(view.runId)}</code>; to look at it: <code>${markdownText(commandLine("status", view.runId))}</code>`,
    "",
    ...gantt,
    "| Node | Result | Attempts | Took |",
    "| --- | --- | ---: | ---: |",
  ].join("\n");
  const rows: string[] = [];
  let bytes = Buffer.byteLength(head);
  for (const node of view.nodes.values()) {
    const row = summaryRow(node, loops);
    bytes += Buffer.byteLength(row) + 1;
    if (bytes > summaryLimit) break;
    rows.push(row);
  }
  const left = view.nodes.size - rows.length;
  return [head, ...rows, "", ...(left > 0 ? [`${left} more nodes`, ""] : []), ""].join("\n");
}

function summaryRow(node: NodeView, loops: LoopNodes): string {
  const result = node.state === "failed" ? `failed: ${failureReason(node)}` : node.state;
  const ms = tookMs(node);
  const took = ms === null ? "" : formatDuration(ms);
  return `| ${markdownText(approvalLabel(node, loops))} | ${markdownText(result)} | ${node.attempt || ""} | ${took} |`;
}

/** Escapes text for Markdown, so that none of it is markup, a link or the end of a cell. */
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
      // The end marker is random, so that no value can contain it.
      const end = `end-${crypto.randomUUID()}`;
      return `${name}<<${end}\n${value}\n${end}\n`;
    })
    .join("");
}
