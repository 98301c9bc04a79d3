import { defineCommand } from "../command.js";
import { decideApproval, decideOptions, type DecideOptions } from "../follow/decide-approval.js";

export const deny = defineCommand<DecideOptions>({
  syntax: "deny <run-id> [node-id]",
  summary: "Deny what a run waits for",
  description: "Deny an approval that a run waits for; without a node id, the one that is open.",
  options: decideOptions,
  changesRuns: true,
  offersRun: (status) => status === "waiting-approval",
  examples: ["deny 4f1c", "deny 4f1c deploy:prod --note 'wrong branch'"],
  execute: (input, session) => decideApproval("deny", input, session),
});
