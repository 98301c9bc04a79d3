import type { Symbols } from "./symbols.js";

/** How text looks where it is going: colours, or none; symbols that the locale has; and how much fits. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
  magenta(text: string): string;
  /** Columns to fit into; `Infinity` where nothing has to fit. */
  readonly width: number;
  readonly symbols: Symbols;
  /** Whether colours are shown, also those of others. */
  readonly hasColor: boolean;
  /** Words beside every symbol, and no line drawings: for who has the screen read out. */
  readonly plain: boolean;
}
