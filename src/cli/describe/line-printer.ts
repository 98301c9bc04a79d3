import type { SmithersEvent } from "../../client/index.js";
import type { LoopNodes } from "./approval-label.js";
import type { Style } from "../terminal/style.js";

/** Prints a run's events as lines of an append-only log. */
export interface LinePrinter {
  /** Returns the complete lines for an event; empty if there are none. */
  print(event: SmithersEvent): string;
  /** Returns the complete lines left to print when following the run ends, for whatever reason. */
  end(): string;
}

export interface PrinterOptions {
  style: Style;
  /** When the run started, by the server's clock; `null` until that is known. */
  startedAtMs(): number | null;
  loops: LoopNodes;
  /** Whether to show every line that a node prints, instead of only the last ones of a node that fails. */
  showsOutput: boolean;
}
