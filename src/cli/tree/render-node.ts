import type { RunView } from "../../client/index.js";
import { formatDuration, formatRunningTime, formatTime } from "../describe/duration.js";
import { waitingSince } from "../describe/waiting-since.js";
import { failureReason, tookMs } from "../describe/run-result.js";
import type { RunTask } from "./run-tree.js";
import type { Style } from "../terminal/style.js";
import { nodeCategory, statusFacts, type Category } from "../status-table.js";
import { escapeMessage, escapeControls } from "../terminal/escape-controls.js";

/** Returns the category of a node. An approval that was announced but not reached is still pending. */
export function categoryOf({ node }: RunTask, view: RunView): Category {
  const state: string = node?.state ?? "pending";
  const approval = state === "waiting-approval" ? node?.approval : undefined;
  return approval && waitingSince(approval, view) === undefined ? "pending" : nodeCategory(state);
}

/** When and how to draw a node. */
export interface RenderContext {
  view: RunView;
  /** By the server's clock, in milliseconds since 1970. */
  now: number;
  style: Style;
  /** The symbol of an executing node. */
  spinner: string;
}

/** Returns how a category looks: a symbol, and a color for it and for the text that matters. */
export function categoryStyle(
  category: Category,
  { style, spinner }: Pick<RenderContext, "style" | "spinner">,
): { symbol: string; paint: (text: string) => string } {
  const { symbols, green, red, cyan, yellow, dim } = style;
  switch (category) {
    case "done":
      return { symbol: symbols.done, paint: green };
    case "failed":
      return { symbol: symbols.failed, paint: red };
    case "running":
      return { symbol: spinner, paint: cyan };
    case "waiting":
      return { symbol: symbols.waiting, paint: yellow };
    case "cancelled":
      return { symbol: symbols.cancelled, paint: yellow };
    case "pending":
      return { symbol: symbols.pending, paint: dim };
  }
}

/** Returns a node's symbol, and the text to show next to its name, which is empty if none is needed. */
export function renderNode(
  task: RunTask,
  context: RenderContext,
): { symbol: string; paint: (text: string) => string; words: string } {
  const { view, style, now } = context;
  const { node } = task;
  const category = categoryOf(task, view);
  const base = categoryStyle(category, context);
  const word = (text: string, rest: string) => (style.plain ? [text, rest].filter(Boolean).join(" ") : rest);
  if (node === undefined || category === "pending") {
    const ahead = task.needsApproval ? approvalAhead(task) : "";
    return { ...base, words: style.plain ? ["pending", ahead].filter(Boolean).join(", ") : ahead };
  }
  const attempt = node.attempt > 1 ? `, attempt ${node.attempt}` : "";
  const ms = tookMs(node);
  const took = ms === null ? "" : formatDuration(ms);
  const running = formatRunningTime(now - (node.startedAtMs ?? now));
  switch (node.state) {
    case "finished":
      return { ...base, words: word(took === "" ? "finished" : "finished in", took + attempt) };
    case "skipped":
      return { ...base, symbol: style.symbols.skipped, paint: style.dim, words: "skipped" };
    case "failed": {
      const after = took === "" ? "" : ` after ${took}`;
      const why = failureReason(node);
      const because = why === "failed" || why === "denied" ? "" : `: ${why}`;
      return { ...base, words: `${why === "denied" ? why : "failed"}${after}${attempt}${because}` };
    }
    case "cancelled":
      return { ...base, words: "cancelled" };
    case "retrying":
      return { ...base, symbol: style.symbols.retrying, words: `retries${attempt}` };
    case "in-progress":
      return { ...base, words: word("running for", running + attempt) };
    default:
      return { ...base, words: waitWords(task, context) };
  }
}

function approvalAhead({ node }: RunTask): string {
  const decision = node?.approval?.decision;
  return decision === "approved" ? "approved" : decision === "denied" ? "denied" : "needs approval";
}

function waitWords({ node, label }: RunTask, { view, now }: RenderContext): string {
  if (node?.state === "waiting-approval") {
    const since = node.approval === null ? undefined : waitingSince(node.approval, view);
    const title: unknown = node.approval?.request?.title;
    const asks = typeof title === "string" && title !== "" ? escapeMessage(title) : label;
    const waited = since === undefined ? "" : ` ${formatRunningTime(now - since)}`;
    return `waiting${waited} for approval${asks ? `: ${asks}` : ""}`;
  }
  const until = node?.firesAtMs ? ` until ${formatTime(node.firesAtMs)}` : "";
  return `${escapeControls(node?.state ?? "").replace(/^waiting-/, "waiting for ")}${until}`;
}

/** Returns how a run's status looks. */
export function renderStatus(
  status: string,
  context: Pick<RenderContext, "style" | "spinner">,
): ReturnType<typeof categoryStyle> {
  return categoryStyle(statusFacts(status).category, context);
}
