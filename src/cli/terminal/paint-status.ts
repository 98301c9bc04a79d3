import { statusFacts } from "../status-table.js";
import type { Style } from "./style.js";
import { escapeControls } from "./escape-controls.js";

/** A run's status, made safe, in the colour of what it means. */
export function paintStatus(status: string, style: Style): string {
  const { color } = statusFacts(status);
  const text = escapeControls(status);
  return color === undefined ? text : style[color](text);
}
