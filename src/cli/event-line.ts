import type { SmithersEvent } from "../client/index.js";
import { formatDuration } from "./duration.js";
import { errorText } from "./error-text.js";
import type { Style } from "./style.js";
import { visibleText } from "./visible-text.js";

/** What is known of the run that a line is about. */
export interface EventLineContext {
  /** When the run first started, by the server's clock; `null` while unknown. */
  startedAtMs: number | null;
  /** When the event's node last started. */
  nodeStartedAtMs: number | null;
  style: Style;
}

/** One line for an event that matters to a person; undefined for the others. */
export function eventLine(
  event: SmithersEvent,
  { startedAtMs, nodeStartedAtMs, style }: EventLineContext,
): string | undefined {
  const said = wordsFor(event, nodeStartedAtMs, style);
  if (said === undefined) return undefined;
  const since = formatDuration(event.timestampMs - (startedAtMs ?? event.timestampMs)).padStart(8);
  return `${style.dim(since)}  ${style.bold(said.subject.padEnd(14))}  ${said.words}`;
}

function wordsFor(
  event: SmithersEvent,
  nodeStartedAtMs: number | null,
  style: Style,
): { subject: string; words: string } | undefined {
  const fields = event as Record<string, unknown>;
  const run = (words: string) => ({ subject: "run", words });
  const nodeId = typeof fields["nodeId"] === "string" ? fields["nodeId"] : "";
  const turn =
    typeof fields["iteration"] === "number" && fields["iteration"] > 0 ? ` #${fields["iteration"]}` : "";
  const node = (words: string) => ({ subject: visibleText(nodeId) + turn, words });
  const attempt = typeof fields["attempt"] === "number" ? ` (attempt ${fields["attempt"]})` : "";
  const took = nodeStartedAtMs === null ? "" : ` in ${formatDuration(event.timestampMs - nodeStartedAtMs)}`;
  const message = visibleText(errorText(fields["error"]));
  const because = message === "" ? "" : `: ${message}`;

  switch (event.type) {
    case "RunStarted":
      return run(style.cyan("started"));
    case "RunStatusChanged":
      return run(style.yellow(visibleText(String(fields["status"]))));
    case "RunFinished":
      return run(style.green("finished"));
    case "RunFailed":
      return run(style.red(`failed${because}`));
    case "RunCancelled":
      return run(style.yellow("cancelled"));
    case "RunContinuedAsNew":
      return run(style.cyan(`continues as run ${visibleText(String(fields["newRunId"]))}`));
    case "NodeStarted":
      return node(`${style.cyan("started")}${attempt}`);
    case "NodeFinished":
      return node(`${style.green("finished")}${attempt}${took}`);
    case "NodeFailed":
      return node(`${style.red("failed")}${attempt}${took}${style.red(because)}`);
    case "NodeCancelled":
      return node(`${style.yellow("cancelled")}${attempt}`);
    case "NodeSkipped":
      return node(style.dim("skipped"));
    case "NodeRetrying":
      return node(`${style.yellow("retrying")}${attempt}`);
    case "NodeWaitingApproval":
      return node(style.yellow(`waiting for approval${requestTitle(fields["request"])}`));
    case "ApprovalGranted":
      return node(style.green("approved"));
    case "ApprovalDenied":
      return node(style.red("denied"));
    case "RevertStarted":
      return node(`${style.yellow("reverting")}${attempt}`);
    case "RevertFinished":
      return node(
        `${style.yellow(fields["success"] === false ? `revert failed${because}` : "reverted")}${attempt}`,
      );
    default:
      return undefined;
  }
}

function requestTitle(request: unknown): string {
  if (typeof request !== "object" || request === null) return "";
  const { title, summary } = request as { title?: unknown; summary?: unknown };
  const words = [title, summary].filter((text): text is string => typeof text === "string" && text !== "");
  return words.length === 0 ? "" : `: ${visibleText(words.join(" – "))}`;
}
