import type { OutputStream } from "../context.js";
import type { Environment } from "../environment.js";
import type { LinePrinter, PrinterOptions } from "../describe/line-printer.js";
import type { Reporter, ReportContext } from "./reporter.js";

/** A mark in a log that a CI system shows in a place of its own. The texts have no controls in them. */
export interface Annotation {
  level: "notice" | "error";
  title: string;
  text: string;
}

/** What a run is followed under: a CI system, or a person's own shell. */
export interface CiSystem {
  /** The value of `--ci` that selects it. */
  readonly name: string;
  /** Whether the environment shows it. */
  isDetected(env: Environment): boolean;
  /** Whether a person may sit at the terminal: then runs are drawn, questions asked, and ids completed. */
  readonly isInteractive: boolean;
  /** Print a "still running" line after this long without output, in ms; undefined for never. */
  readonly heartbeatMs: number | undefined;
  /** The stream, with nothing that is written to it obeyed by the system; its own commands go to `unguarded`. */
  guard(stream: OutputStream): OutputStream;
  /** Prints a run's events for the system's log. */
  createPrinter(options: PrinterOptions): LinePrinter;
  /** An annotation as a line of the log. */
  annotationLine(annotation: Annotation): string;
  /** What is reported at the end of a run, beside the log. */
  reporters(context: ReportContext): readonly Reporter[];
}
