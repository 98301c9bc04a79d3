import type { Symbols } from "./symbols.js";

/** How text looks on a stream: colors or none, the symbols that the locale has, and how much fits. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
  magenta(text: string): string;
  /** Columns to fit into; `Infinity` if there is no limit. */
  readonly width: number;
  readonly symbols: Symbols;
  /** Whether to show colors, including those in the nodes' output. */
  readonly hasColor: boolean;
  /** For screen readers: words next to every symbol, and no line drawings. */
  readonly plain: boolean;
}
