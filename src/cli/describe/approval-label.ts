import type { ApprovalView } from "../../client/index.js";
import { visibleText } from "../terminal/escape-controls.js";

/** A gate for a person: its node, and the turn of the loop where that is not the first. */
export function gateName({ nodeId, iteration }: Pick<ApprovalView, "nodeId" | "iteration">): string {
  return visibleText(nodeId) + (iteration === 0 ? "" : ` (iteration ${iteration})`);
}
