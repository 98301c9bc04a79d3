import { statusFacts } from "../status-table.js";
import type { Style } from "./style.js";
import { escapeControls } from "./escape-controls.js";

/** Returns a run's status, escaped, in the color of its meaning. */
export function paintStatus(status: string, style: Style): string {
  const { color } = statusFacts(status);
  const text = escapeControls(status);
  return color === undefined ? text : style[color](text);
}
