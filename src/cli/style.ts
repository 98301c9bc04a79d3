/** How text looks where it is going: colours, or none. */
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
}
