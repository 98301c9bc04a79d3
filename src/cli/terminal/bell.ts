import { fitWidth } from "./fit-width.js";
import { escapeControls } from "./escape-controls.js";
import type { Environment } from "../environment.js";

/** The longest notification, in columns. Desktops show no more. */
const widest = 200;

/**
 * Returns the text that rings a terminal's bell and, if the terminal is known to support it, shows a desktop
 * notification. It does not change what is on the screen.
 *
 * @param text untrusted
 */
export function bell(text: string, env: Environment): string {
  // A semicolon would start another field.
  const shown = fitWidth(escapeControls(text), widest).replaceAll(";", ",");
  return `\u0007${notification(shown, env)}`;
}

function notification(text: string, env: Environment): string {
  const { TERM = "", TERM_PROGRAM, LC_TERMINAL, KITTY_WINDOW_ID, TMUX, STY } = env;
  // tmux and screen do not pass on sequences that they do not know, and the variables of the terminal around them may
  // be outdated.
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
