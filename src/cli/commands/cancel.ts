import { isTerminalStatus } from "../../client/index.js";
import { defineCommand, UsageError } from "../command.js";
import { describeCancelRefusal } from "../follow/describe-cancel-refusal.js";
import { exitCodeOf, exitCodes } from "../exit-codes.js";
import { followRun } from "../follow/follow-run.js";
import { visibleText } from "../terminal/visible-text.js";

export const cancel = defineCommand<{ watch?: boolean }>({
  syntax: "cancel <run-id>",
  summary: "Cancel a run that is executing; what it has under way ends first.",
  options: [{ flags: "-w, --watch", description: "follow the run to its end; exit 0 when it is cancelled" }],
  changesRuns: true,
  // At a gate 0.5.0 refuses it, and denying the gate is what is meant.
  offersRun: (status) => !isTerminalStatus(status) && status !== "waiting-approval",
  examples: ["cancel 4f1c", "cancel 4f1c --watch"],

  async execute({ args: [runId = ""], options }, session) {
    const { client } = session;
    let document;
    try {
      document = await client.cancel({ runId });
    } catch (error) {
      const refusal = await describeCancelRefusal(error, runId, client);
      if (refusal === undefined) throw error;
      throw new UsageError(
        `run ${visibleText(runId)} cannot be cancelled, at ${session.baseUrl}: ${refusal}`,
        {
          code: "NOT_CANCELLABLE",
          hint: session.commandLine("status", runId),
        },
      );
    }
    if (options.watch === true) {
      return {
        ...followRun(session, runId, { onApproval: "wait", resume: false }),
        // Cancelled is what was asked for; a run that finished first was not.
        exitCode: (status) =>
          status === "cancelled"
            ? exitCodes.done
            : status === "finished"
              ? exitCodes.usage
              : exitCodeOf(status),
      };
    }
    const run = `run ${visibleText(runId)}`;
    // From 0.32 on the answer tells whether it was this call that ended the run.
    const text =
      document["won"] === false
        ? `${run} is over already: ${visibleText(String(document["terminalStatus"]))}`
        : `asked ${run} to cancel`;
    return { kind: "document", document, text: () => text };
  },
});
