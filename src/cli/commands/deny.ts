import { defineCommand } from "../command.js";
import { decideApproval, decideOptions, type DecideOptions } from "../follow/decide-approval.js";

export const deny = defineCommand<DecideOptions>({
  syntax: "deny <run-id> [node-id]",
  summary: "Deny what a run waits for",
  description: "Deny an open approval of a run. The node id is only needed if several are open.",
  options: decideOptions,
  changesRuns: true,
  offersRun: (status) => status === "waiting-approval",
  examples: ["deny 4f1c", "deny 4f1c deploy:prod --note 'wrong branch'"],
  execute: (input, session) => decideApproval("deny", input, session),
});
