import type { SmithersEvent } from "../../client/index.js";
import type { LoopNodes } from "./approval-label.js";
import type { Style } from "../terminal/style.js";

/** Prints a run's events as lines of a log that only grows. */
export interface LinePrinter {
  /** The whole lines for an event; empty for none. */
  print(event: SmithersEvent): string;
  /** The whole lines that are still to be printed when the following ends, however it ends. */
  end(): string;
}

export interface PrinterOptions {
  style: Style;
  /** When the run started, by the server's clock; `null` while that is not known. */
  startedAtMs(): number | null;
  loops: LoopNodes;
  /** Whether each line that a node prints is shown; otherwise only the last ones of a node that fails. */
  showsOutput: boolean;
}
