import type { Style } from "./style.js";
import { visibleText } from "./visible-text.js";

/** A run's status or a node's state, made safe, in the colour of what it means. */
export function paintStatus(status: string, style: Style): string {
  const text = visibleText(status);
  if (status === "finished" || status === "continued") return style.green(text);
  if (status === "failed") return style.red(text);
  if (status === "running" || status === "in-progress" || status === "retrying") return style.cyan(text);
  if (status.startsWith("waiting-") || status === "paused" || status === "cancelled")
    return style.yellow(text);
  return text;
}
