import type { Frame, FrameNode } from "../client/index.js";
import type { Style } from "./style.js";
import { visibleText } from "./visible-text.js";

/** The tree of a frame, a line an element: what it is, its id or name, and what it waits for. */
export function frameTree(frame: Frame, style: Style): string[] {
  let root: FrameNode;
  try {
    root = JSON.parse(frame.xmlJson) as FrameNode;
  } catch {
    return [`  ${style.red("(its tree is not JSON)")}`];
  }
  const iterations = iterationsOf(frame);
  const lines: string[] = [];
  const visit = (node: FrameNode, depth: number): void => {
    if (node?.kind !== "element") return;
    const props = node.props ?? {};
    const kind = visibleText(String(node.tag).replace(/^smithers:/, ""));
    const name = props["id"] ?? props["name"];
    const turn = kind === "task" ? (iterations.get(String(name)) ?? 0) : 0;
    const words = [
      style.dim(kind === "ralph" ? "loop" : kind),
      name === undefined ? "" : style.bold(visibleText(String(name))) + (turn > 0 ? ` #${turn}` : ""),
      waitsFor(props, style),
    ];
    lines.push("  ".repeat(depth) + words.filter((word) => word !== "").join(" "));
    for (const child of Array.isArray(node.children) ? node.children : []) visit(child, depth + 1);
  };
  visit(root, 1);
  return lines.length === 0 ? [`  ${style.dim("(empty)")}`] : lines;
}

function waitsFor(props: Record<string, unknown>, style: Style): string {
  const waits: string[] = [];
  if (String(props["needsApproval"]) === "true") waits.push("needs approval");
  const needs = props["dependsOn"] ?? props["needs"];
  if (typeof needs === "string" && needs !== "") waits.push(`after ${visibleText(needs)}`);
  if (String(props["skipIf"]) === "true") waits.push("skipped");
  return waits.length === 0 ? "" : style.yellow(`(${waits.join(", ")})`);
}

/** Which turn of its loop each task is in. */
function iterationsOf(frame: Frame): Map<string, number> {
  try {
    const index = JSON.parse(frame.taskIndexJson) as { nodeId: string; iteration: number }[];
    return new Map(index.map(({ nodeId, iteration }) => [nodeId, iteration]));
  } catch {
    return new Map();
  }
}
