import type { OutputStream } from "../context.js";
import type { Environment } from "../environment.js";
import type { LinePrinter, PrinterOptions } from "../describe/line-printer.js";
import type { Reporter, ReportContext } from "./reporter.js";

/** A message in a log that a CI system also shows in a place of its own. The texts have no control characters. */
export interface Annotation {
  level: "notice" | "error";
  title: string;
  text: string;
}

/** Where a run is followed: in a CI system, or in a user's own shell. */
export interface CiSystem {
  /** The value of `--ci` that selects it. */
  readonly name: string;
  /** Whether the environment indicates this system. */
  isDetected(env: Environment): boolean;
  /**
   * Whether a user may be at the terminal. If so, runs are drawn live, questions are asked, and id prefixes are
   * expanded.
   */
  readonly isInteractive: boolean;
  /** Print a "still running" line after this long without output, in ms; `undefined` for never. */
  readonly heartbeatMs: number | undefined;
  /**
   * Returns the stream with everything escaped that the system would obey. The system's own commands go to `unguarded`.
   */
  guard(stream: OutputStream): OutputStream;
  /** Creates a printer of a run's events for the system's log. */
  createPrinter(options: PrinterOptions): LinePrinter;
  /** Returns an annotation as a line of the log. */
  annotationLine(annotation: Annotation): string;
  /** Returns what reports the end of a run, in addition to the log. */
  reporters(context: ReportContext): readonly Reporter[];
}
