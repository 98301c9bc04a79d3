import type { ApprovalView, SmithersClient } from "../../client/index.js";
import { escapeMessage } from "../terminal/escape-controls.js";
import { readTree } from "./read-tree.js";
import type { FrameItem } from "./run-tree.js";

/**
 * Returns what an approval asks a person, escaped: the title and summary of its request, which newer servers send, or
 * its task's label from the newest frame. Empty if there is neither, or if the server does not return the frame, since
 * that is no reason to fail.
 */
export async function approvalQuestion(
  { nodeId, request }: Pick<ApprovalView, "nodeId" | "request">,
  runId: string,
  client: Pick<SmithersClient, "getFrames">,
): Promise<string> {
  const texts = [request?.title, request?.summary].filter(isWords);
  if (texts.length > 0) return escapeMessage(texts.join(" – "));
  const label = labelOf(await readTree(runId, { client }), nodeId);
  return isWords(label) ? label : "";
}

function labelOf(item: FrameItem | undefined, nodeId: string): string | undefined {
  if (item?.kind !== "group") return item?.nodeId === nodeId ? item.label : undefined;
  for (const child of item.children) {
    const label = labelOf(child, nodeId);
    if (label !== undefined) return label;
  }
  return undefined;
}

function isWords(text: unknown): text is string {
  return typeof text === "string" && text.trim() !== "";
}
