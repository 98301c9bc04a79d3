import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import approvals from "./breaks/approvals.mjs";
import ci from "./breaks/ci.mjs";
import driving from "./breaks/driving.mjs";
import exitCodes from "./breaks/exit-codes.mjs";
import gateway from "./breaks/gateway.mjs";
import input from "./breaks/input.mjs";
import network from "./breaks/network.mjs";
import output from "./breaks/output.mjs";
import reading from "./breaks/reading.mjs";
import table from "./breaks/table.mjs";

/**
 * Rules and how each is broken: in `file` the text `from`, which is there once, becomes `to`, and one of `tests` has to
 * fail.
 */
export const breaks = [
  ...approvals,
  ...driving,
  ...reading,
  ...network,
  ...exitCodes,
  ...ci,
  ...input,
  ...output,
  ...table,
  ...gateway,
];

export const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Returns the path of a break's file and its text with the rule broken. The formatter may have broken the lines of `from`
 * anywhere.
 *
 * @throws {Error} unless the file has `from` exactly once
 */
export function breakRule({ file, from, to }) {
  const path = root + file;
  const source = readFileSync(path, "utf8");
  const words = from.trim().split(/\s+/);
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(escaped.join("\\s+"), "g");
  const places = source.match(pattern)?.length ?? 0;
  if (places !== 1) throw new Error(`${places} places with: ${from}`);
  return { path, text: source.replace(pattern, () => to) };
}
