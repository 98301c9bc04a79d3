import type { SmithersEvent } from "../../client/index.js";

/** Puts the events of a run into lines, for a log that only grows. */
export interface LinePrinter {
  /** Whole lines to print for the event; empty for none. */
  print(event: SmithersEvent): string;
  /** Whole lines that are still to be printed when the following ends, however it ends. */
  end(): string;
}
