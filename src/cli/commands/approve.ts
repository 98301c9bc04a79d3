import { defineCommand } from "../command.js";
import { decideApproval, decideOptions, type DecideOptions } from "../follow/decide-approval.js";

export const approve = defineCommand<DecideOptions>({
  syntax: "approve <run-id> [node-id]",
  summary: "Approve what a run waits for",
  description: "Grant an open approval of a run. The node id is only needed if several are open.",
  options: decideOptions,
  changesRuns: true,
  offersRun: (status) => status === "waiting-approval",
  examples: ["approve 4f1c", "approve 4f1c deploy:prod --note 'looks good'"],
  execute: (input, session) => decideApproval("approve", input, session),
});
