import { defineCommand } from "../command.js";
import { decideApproval, decideOptions, type DecideOptions } from "../follow/decide-approval.js";

export const approve = defineCommand<DecideOptions>({
  syntax: "approve <run-id> [node-id]",
  summary: "Approve what a run waits for",
  description: "Grant an approval that a run waits for; without a node id, the one that is open.",
  options: decideOptions,
  changesRuns: true,
  offersRun: (status) => status === "waiting-approval",
  examples: ["approve 4f1c", "approve 4f1c deploy:prod --note 'looks good'"],
  execute: (input, session) => decideApproval("approve", input, session),
});
