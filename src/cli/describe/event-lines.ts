import { nodeKey, type SmithersEvent } from "../../client/index.js";
import { iterationOf, noLoops, requestWords, type LoopNodes } from "./approval-label.js";
import { formatDuration, isTime } from "./duration.js";
import { errorTitle } from "./error-text.js";
import { NodeOutput, shownOutput } from "./node-output.js";
import type { OutputLine } from "./output-lines.js";
import { ShownErrors, type ErrorWords } from "./shown-errors.js";
import { columnsOf, fitWidth } from "../terminal/fit-width.js";
import type { LinePrinter } from "./line-printer.js";
import type { Style } from "../terminal/style.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** Which lines of the nodes' output to show: all, the last ones of a node that fails, or none. */
export type ShownOutput = "all" | "of failed nodes" | "none";

/** The minimum width of the column for names. */
const subjectWidth = 14;
/** Indents the lines of an error to below the name, and a little further. */
const indentation = " ".repeat(12);

/**
 * Prints a line for each event that matters to a person, with the time since the run first started, and more lines for
 * a failure.
 */
export class EventLines implements LinePrinter {
  readonly #style: Style;
  /** When the run first started, by the server's clock. Does not change when the run continues as a new one. */
  #startedAtMs: number | null = null;
  readonly #startOf: () => number | null;
  readonly #loops: LoopNodes;
  /** When each executing node started. */
  readonly #nodes = new Map<string, number>();
  readonly #errors = new ShownErrors();
  readonly #output: NodeOutput;
  readonly #shownOutput: ShownOutput;

  constructor(
    style: Style,
    startOf: () => number | null,
    loops = noLoops,
    shown: ShownOutput = "of failed nodes",
  ) {
    this.#shownOutput = shown;
    this.#output = new NodeOutput(style.hasColor);
    this.#style = style;
    this.#loops = loops;
    this.#startOf = startOf;
  }

  print(event: SmithersEvent): string {
    return this.linesFor(event)
      .map((line) => `${line}\n`)
      .join("");
  }

  end(): string {
    if (this.#shownOutput !== "all") return "";
    return this.#output
      .flush()
      .map((line) => `${this.#outputRow("", line)}\n`)
      .join("");
  }

  /** Returns the event's lines, without line endings; empty if the event does not matter to a person. */
  linesFor(event: SmithersEvent): string[] {
    const { type } = event;
    const at = isTime(event.timestampMs) ? event.timestampMs : NaN;
    this.#startedAtMs ??= this.#startOf() ?? (type === "RunStarted" && !Number.isNaN(at) ? at : null);
    const key = keyOf(event);
    if (type === "NodeStarted" && key !== undefined) this.#nodes.set(key, at);
    const error = this.#errorOf(event, key);
    const shown = wordsFor(
      event,
      this.#nodes.get(key ?? "") ?? null,
      error.because,
      this.#style,
      this.#loops,
    );
    if (key !== undefined && stateOfEndEvent.has(type)) this.#nodes.delete(key);
    const printed = this.#printedBy(event, key);
    const since = formatDuration(at - (this.#startedAtMs ?? at)).padStart(8);
    const { dim, red } = this.#style;
    const output = printed.lines.map((line) => this.#outputRow(since, line));
    if (shown === undefined) return output;
    return [
      ...output,
      this.#row(since, shown.subject, shown.words),
      ...error.body.map((line) => indentation + (line.startsWith("    ") ? dim(line) : red(line))),
      ...printed.last.map((line) => indentation + line),
    ];
  }

  #row(since: string, name: string, words: string): string {
    const { width, symbols, dim, bold } = this.#style;
    // At a terminal, a name leaves half of the width for the text, which wraps if it is longer.
    const subject = fitWidth(name, Math.max(subjectWidth, Math.floor(width / 2)), symbols.cut);
    const padding = " ".repeat(Math.max(0, subjectWidth - columnsOf(subject)));
    return `${dim(since)}  ${bold(subject)}${padding}  ${words}`;
  }

  #outputRow(since: string, line: OutputLine): string {
    const words = `${this.#style.dim("|")} ${shownOutput(line.text, this.#style.hasColor)}`;
    return this.#row(since.padStart(8), nodeName(line, this.#loops), words);
  }

  /** Returns the output lines that the event completes, and if the event is a node's failure, the node's last lines. */
  #printedBy(event: SmithersEvent, key: string | undefined): { lines: OutputLine[]; last: string[] } {
    if (this.#shownOutput === "none") return { lines: [], last: [] };
    const lines = this.#output.push(event);
    const isEnd = event.type === "NodeStarted" || stateOfEndEvent.has(event.type);
    const last = isEnd && key !== undefined ? this.#output.take(key) : undefined;
    if (this.#shownOutput === "all") return { lines, last: [] };
    if (event.type !== "NodeFailed" || last === undefined) return { lines: [], last: [] };
    const { dim } = this.#style;
    return {
      lines: [],
      last: [
        ...(last.before > 0 ? [dim(`| … ${last.before} earlier lines`)] : []),
        ...last.lines.map((line) => `${dim("|")} ${line}`),
      ],
    };
  }

  #errorOf(event: SmithersEvent, key: string | undefined): ErrorWords {
    const { error } = event as { error?: unknown };
    if (event.type === "RunFailed") return this.#errors.forRun(error);
    if (key !== undefined && event.type === "NodeFinished") this.#errors.finished(key);
    if (key !== undefined && event.type === "ApprovalDenied")
      this.#errors.denied(key, nodeLabel(event, this.#loops));
    if (key !== undefined && event.type === "NodeFailed")
      return this.#errors.forNode(event, key, nodeLabel(event, this.#loops));
    const title = errorTitle(error);
    return { because: title === "" ? "" : `: ${title}`, body: [] };
  }
}

/** The events that end a node or one of its attempts, each with the node's state afterwards. */
export const stateOfEndEvent: ReadonlyMap<string, string> = new Map([
  ["NodeFinished", "finished"],
  ["NodeFailed", "failed"],
  ["NodeCancelled", "cancelled"],
  ["NodeSkipped", "skipped"],
]);

/** Returns the key of the node and iteration that an event is about; `undefined` if it is not about a node. */
export function keyOf(event: SmithersEvent): string | undefined {
  const { nodeId, iteration } = event as { nodeId?: unknown; iteration?: unknown };
  if (typeof nodeId !== "string") return undefined;
  return nodeKey(nodeId, typeof iteration === "number" ? iteration : 0);
}

/** Returns the name of the node that an event is about, with its iteration if it is in a loop. */
function nodeLabel(event: SmithersEvent, loops: LoopNodes): string {
  const { nodeId = "", iteration = 0 } = event as { nodeId?: unknown; iteration?: unknown };
  if (typeof nodeId !== "string") return "";
  return nodeName({ nodeId, iteration: typeof iteration === "number" ? iteration : 0 }, loops);
}

/** Returns the name of a node in a line, such as `review #2` if it is in a loop. */
export function nodeName(node: Parameters<typeof iterationOf>[0], loops: LoopNodes): string {
  const iteration = iterationOf(node, loops);
  return escapeControls(node.nodeId) + (iteration === undefined ? "" : ` #${iteration}`);
}

function wordsFor(
  event: SmithersEvent,
  nodeStartedAtMs: number | null,
  because: string,
  style: Style,
  loops: LoopNodes,
): { subject: string; words: string } | undefined {
  const fields = event as Record<string, unknown>;
  const run = (words: string) => ({ subject: "run", words });
  const node = (words: string) => ({ subject: nodeLabel(event, loops), words });
  const attempt = typeof fields["attempt"] === "number" ? ` (attempt ${fields["attempt"]})` : "";
  const tookMs = event.timestampMs - (nodeStartedAtMs ?? NaN);
  const took = isTime(tookMs) ? ` in ${formatDuration(tookMs)}` : "";

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
  const words = requestWords(title, summary);
  return words === "" ? "" : `: ${words}`;
}
