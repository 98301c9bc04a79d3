import { fitWidth } from "./fit-width.js";
import { escapeControls } from "./escape-controls.js";
import type { Environment } from "../environment.js";

/** The longest notification, in columns; desktops show no more of one. */
const widest = 200;

/**
 * What rings a terminal's bell and, where the terminal is known to have them, shows a desktop notification. It moves
 * nothing on the screen.
 *
 * @param text untrusted
 */
export function bell(text: string, env: Environment): string {
  // A semicolon would begin another field.
  const shown = fitWidth(escapeControls(text), widest).replaceAll(";", ",");
  return `\u0007${notification(shown, env)}`;
}

function notification(text: string, env: Environment): string {
  const { TERM = "", TERM_PROGRAM, LC_TERMINAL, KITTY_WINDOW_ID, TMUX, STY } = env;
  // Those pass on nothing that they do not know, and what is set of the terminal around them may not be so any more.
  if (TMUX || STY || TERM === "dumb") return "";
  if (TERM === "xterm-kitty" || KITTY_WINDOW_ID) return `\u001b]99;;smithers-client: ${text}\u001b\\`;
  if (TERM_PROGRAM === "iTerm.app" || LC_TERMINAL === "iTerm2")
    return `\u001b]9;smithers-client: ${text}\u0007`;
  if (
    TERM_PROGRAM === "WezTerm" ||
    TERM_PROGRAM === "ghostty" ||
    TERM === "xterm-ghostty" ||
    /^foot\b/.test(TERM)
  ) {
    return `\u001b]777;notify;smithers-client;${text}\u001b\\`;
  }
  return "";
}
