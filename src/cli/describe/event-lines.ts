import { nodeKey, type SmithersEvent } from "../../client/index.js";
import { formatDuration, isTime } from "./duration.js";
import { errorText } from "./error-text.js";
import { columnsOf, fitWidth } from "../terminal/fit-width.js";
import type { LinePrinter } from "./line-printer.js";
import type { Style } from "../terminal/style.js";
import { escapeMessage, escapeControls } from "../terminal/escape-controls.js";

/** The column that names are aligned in. */
const subjectWidth = 14;

/** One line for each event that matters to a person, with the time since the run first started. */
export class EventLines implements LinePrinter {
  readonly #style: Style;
  /** When the run that the lines are about first started, by the server's clock; it stays when the work continues. */
  #startedAtMs: number | null = null;
  readonly #startOf: () => number | null;
  /** When each node that executes started. */
  readonly #nodes = new Map<string, number>();

  constructor(style: Style, startOf: () => number | null) {
    this.#style = style;
    this.#startOf = startOf;
  }

  print(event: SmithersEvent): string {
    const line = this.lineFor(event);
    return line === undefined ? "" : `${line}\n`;
  }

  end(): string {
    return "";
  }

  /** The event's line without its end; undefined where the event has none. */
  lineFor(event: SmithersEvent): string | undefined {
    const { type } = event;
    const at = isTime(event.timestampMs) ? event.timestampMs : NaN;
    this.#startedAtMs ??= this.#startOf() ?? (type === "RunStarted" && !Number.isNaN(at) ? at : null);
    const key = keyOf(event);
    if (type === "NodeStarted" && key !== undefined) this.#nodes.set(key, at);
    const said = wordsFor(event, this.#nodes.get(key ?? "") ?? null, this.#style);
    if (key !== undefined && endsNode.has(type)) this.#nodes.delete(key);
    if (said === undefined) return undefined;
    const since = formatDuration(at - (this.#startedAtMs ?? at)).padStart(8);
    const { width, symbols, dim, bold } = this.#style;
    // At a terminal a name leaves room for the words, which wrap where they are longer than a line.
    const subject = fitWidth(said.subject, Math.max(subjectWidth, Math.floor(width / 2)), symbols.cut);
    const padding = " ".repeat(Math.max(0, subjectWidth - columnsOf(subject)));
    return `${dim(since)}  ${bold(subject)}${padding}  ${said.words}`;
  }
}

/** The events after which a node, or an attempt of it, does not execute any more. */
export const endsNode: ReadonlySet<string> = new Set([
  "NodeFinished",
  "NodeFailed",
  "NodeCancelled",
  "NodeSkipped",
]);

/** Names the node that an event is about, in its turn of the loop; undefined for the others. */
export function keyOf(event: SmithersEvent): string | undefined {
  const { nodeId, iteration } = event as { nodeId?: unknown; iteration?: unknown };
  if (typeof nodeId !== "string") return undefined;
  return nodeKey(nodeId, typeof iteration === "number" ? iteration : 0);
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
  const node = (words: string) => ({ subject: escapeControls(nodeId) + turn, words });
  const attempt = typeof fields["attempt"] === "number" ? ` (attempt ${fields["attempt"]})` : "";
  const tookMs = event.timestampMs - (nodeStartedAtMs ?? NaN);
  const took = isTime(tookMs) ? ` in ${formatDuration(tookMs)}` : "";
  const message = escapeMessage(errorText(fields["error"]));
  const because = message === "" ? "" : `: ${message}`;

  switch (event.type) {
    case "RunStarted":
      return run(style.cyan("started"));
    case "RunStatusChanged":
      return run(style.yellow(escapeControls(String(fields["status"]))));
    case "RunFinished":
      return run(style.green("finished"));
    case "RunFailed":
      return run(style.red(`failed${because}`));
    case "RunCancelled":
      return run(style.yellow("cancelled"));
    case "RunContinuedAsNew":
      return run(style.cyan(`continues as run ${escapeControls(String(fields["newRunId"]))}`));
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
  return words.length === 0 ? "" : `: ${escapeMessage(words.join(" – "))}`;
}
