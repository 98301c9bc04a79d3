import type { Style } from "../../src/cli/terminal/style.js";
import { symbolsFor } from "../../src/cli/terminal/symbols.js";

/** Returns a style without colors, in a Unicode locale. */
export function styleOf(changes: Partial<Style> = {}): Style {
  const asIs = (text: string) => text;
  return {
    bold: asIs,
    dim: asIs,
    red: asIs,
    green: asIs,
    yellow: asIs,
    cyan: asIs,
    magenta: asIs,
    width: 80,
    symbols: symbolsFor({ LANG: "en_GB.UTF-8" }),
    hasColor: false,
    plain: false,
    ...changes,
  };
}
