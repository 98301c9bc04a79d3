import type { OutputStream } from "../context.js";
import type { Style } from "./style.js";
import { symbolsFor } from "./symbols.js";
import type { Environment } from "../environment.js";

const asIs = (text: string) => text;

/** Whether to color a stream, according to the flag, the environment's variables and the terminal. */
export function wantsColor(stream: OutputStream, env: Environment, noColorFlag: boolean): boolean {
  if (noColorFlag) return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
  return stream.isTTY && env["TERM"] !== "dumb";
}

/**
 * Returns how many columns fit, according to the environment or the terminal; without a terminal, there is no limit.
 */
export function widthOf(
  { isTTY, columns }: Pick<OutputStream, "isTTY" | "columns">,
  env: Environment,
): number {
  const asked = Number(env["COLUMNS"]);
  if (Number.isInteger(asked) && asked > 0) return asked;
  return isTTY ? columns || 80 : Infinity;
}

/** Returns the style for a stream. Loads chalk only if there is something to color. */
export async function styleFor(
  stream: OutputStream,
  env: Environment,
  { noColor, plain }: { noColor: boolean; plain: boolean },
): Promise<Style> {
  const hasColor = wantsColor(stream, env, noColor);
  const rest = { width: widthOf(stream, env), symbols: symbolsFor(env), hasColor, plain };
  if (!hasColor) {
    return {
      bold: asIs,
      dim: asIs,
      red: asIs,
      green: asIs,
      yellow: asIs,
      cyan: asIs,
      magenta: asIs,
      ...rest,
    };
  }
  const { Chalk } = await import("chalk");
  // Sixteen colors, which every palette, light or dark, makes readable.
  const { bold, dim, red, green, yellow, cyan, magenta } = new Chalk({ level: 1 });
  return { bold, dim, red, green, yellow, cyan, magenta, ...rest };
}
