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
