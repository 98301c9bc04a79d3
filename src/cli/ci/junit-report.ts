import { accessSync, constants, mkdirSync, promises as files } from "node:fs";
import { dirname } from "node:path";
import type { NodeView, RunView } from "../../client/index.js";
import { isTime } from "../describe/duration.js";
import { UsageError } from "../usage-error.js";
import type { Context } from "../context.js";
import { approvalLabel, type LoopNodes } from "../describe/approval-label.js";
import type { FollowEnding, Reporter } from "./reporter.js";
import { errorReport, bodyLines } from "../describe/error-text.js";
import { failedNodes, ownError } from "../describe/failed-nodes.js";
import { failureReason, runResult, tookMs } from "../describe/run-result.js";
import { isDirectory, resolvePath } from "../args/resolve-path.js";
import { fitWidth } from "../terminal/fit-width.js";
import { escapeControls, escapeWhole } from "../terminal/escape-controls.js";

/**
 * Returns the path of a report's file. Before the run starts, checks that the file can be written and creates its
 * folder if there is none.
 *
 * @throws {UsageError} if the file cannot be written
 */
export function junitFile(path: string, context: Pick<Context, "cwd">): string {
  const file = resolvePath(path, context);
  try {
    mkdirSync(dirname(file), { recursive: true });
    accessSync(dirname(file), constants.W_OK);
    if (path === "" || isDirectory(file)) throw new Error("it is a directory");
    return file;
  } catch (error) {
    throw new UsageError(`--junit: cannot write ${escapeControls(path)}: ${(error as Error).message}`);
  }
}

/**
 * Writes a JUnit report of the run: a suite with a case for each node, and one for the run if no node explains its
 * result.
 */
export function junitReport(file: string): Reporter {
  return {
    end: async (view, ending) => files.writeFile(file, await report(view, ending)),
  };
}

type Verdict = "passed" | "failure" | "error" | "skipped";

interface Case {
  name: string;
  ms: number;
  verdict: Verdict;
  message: string;
  /** The details after the message; empty if there are none. */
  body: string;
}

/**
 * The maximum length of all messages together, and what each message may have regardless of their number. In
 * characters.
 */
const maxMessages = 8 * 1024 * 1024;
const minMessage = 100;
/** How much of an error's details to include; few readers show more. */
const bodyLimits = { maxLines: 1000, maxLength: 64 * 1024, maxFrames: 100 };

async function report(view: RunView, ending: FollowEnding): Promise<string> {
  const failed = failedNodes(view).length;
  const most = Math.max(minMessage, Math.floor(maxMessages / Math.max(1, failed)));
  const cases = [...view.nodes.values()].map((node) => nodeCase(node, most, ending.loops));
  const result = ending.problem ?? runResult(view, ending.status?.status);
  const own = ending.problem === undefined ? ownError(view) : null;
  const isExplained =
    ending.problem === undefined && own === null && cases.some(({ verdict }) => verdict === "failure");
  if (ending.exitCode !== 0 && !isExplained)
    cases.push({
      name: "run",
      ms: 0,
      verdict: "error",
      message: escapeControls(result),
      body: bodyOf(own, most),
    });
  const suite = escapeControls(ending.status?.workflowName ?? view.runId);
  const count = (verdict: Verdict) => cases.filter((each) => each.verdict === verdict).length;
  const totals = {
    tests: cases.length,
    failures: count("failure"),
    errors: count("error"),
    skipped: count("skipped"),
    time: seconds(view.startedAtMs === null ? 0 : (view.updatedAtMs ?? view.startedAtMs) - view.startedAtMs),
  };
  const started = isTime(view.startedAtMs) && { timestamp: new Date(view.startedAtMs).toISOString() };
  const { default: XmlBuilder } = await import("fast-xml-builder");
  const builder = new XmlBuilder({
    attributesGroupName: "$",
    attributeValueProcessor: (_, value) => xmlText(String(value)),
    format: true,
    suppressEmptyNode: true,
    // An attribute may be the text "true".
    suppressBooleanAttributes: false,
  });
  return builder.build({
    "?xml": { $: { version: "1.0", encoding: "UTF-8" } },
    testsuites: {
      $: totals,
      testsuite: {
        $: { name: suite, ...totals, ...started },
        properties: { property: { $: { name: "run-id", value: view.runId } } },
        testcase: cases.map(({ name, ms, verdict, message, body }) => ({
          $: { name, classname: suite, time: seconds(ms) },
          ...(verdict !== "passed" && { [verdict]: { $: { message }, "#text": body } }),
        })),
      },
    },
  });
}

function nodeCase(node: NodeView, maxMessage: number, loops: LoopNodes): Case {
  const { state, attempt } = node;
  const named = { name: approvalLabel(node, loops), ms: tookMs(node) ?? 0, body: "" };
  if (state === "finished") return { ...named, verdict: "passed", message: "" };
  if (state === "failed") {
    const attempts = attempt > 1 ? ` (attempt ${attempt})` : "";
    const message = fitWidth(failureReason(node), maxMessage) + attempts;
    return { ...named, verdict: "failure", message, body: bodyOf(node.error, maxMessage) };
  }
  return { ...named, verdict: "skipped", message: escapeControls(state) };
}

function bodyOf(error: unknown, maxLength: number): string {
  const limits = { ...bodyLimits, maxLength: Math.min(bodyLimits.maxLength, maxLength) };
  // The lines are already escaped; xmlText on the joined text would escape the line breaks.
  return bodyLines(errorReport(error, limits)).map(xmlText).join("\n");
}

function seconds(ms: number): string {
  return (isTime(ms) ? Math.max(0, ms) / 1000 : 0).toFixed(3);
}

/** Escapes control characters. XML has no way to write most of them, not even as entities. */
function xmlText(text: string): string {
  return escapeWhole(text).replace(/[\ufffe\uffff]/g, "\ufffd");
}
