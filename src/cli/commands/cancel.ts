import { isTerminalStatus } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { UsageError } from "../usage-error.js";
import { describeCancelRefusal } from "../describe/cancel-refusal.js";
import { exitCodes } from "../exit-codes.js";
import { followRun } from "../follow/follow-run.js";
import { exitCodeOf } from "../status-table.js";
import { escapeControls } from "../terminal/escape-controls.js";

export const cancel = defineCommand<{ watch?: boolean }>({
  syntax: "cancel <run-id>",
  summary: "Cancel a run",
  description: "Cancel a run that is executing. Tasks that are already running finish first.",
  options: [{ flags: "-w, --watch", description: "follow the run to its end; exit 0 when it is cancelled" }],
  changesRuns: true,
  // 0.5.0 refuses to cancel a run that waits for an approval; denying the approval is the way to end it.
  offersRun: (status) => !isTerminalStatus(status) && status !== "waiting-approval",
  examples: ["cancel 4f1c", "cancel 4f1c --watch"],

  async execute({ args: [runId = ""], options }, session) {
    const { client, note } = session;
    const run = `run ${escapeControls(runId)}`;
    const refused = (reason: string) =>
      new UsageError(`${run} cannot be cancelled, at ${session.baseUrl}: ${reason}`, {
        code: "NOT_CANCELLABLE",
        hint: session.commandLine("status", runId),
      });

    let document: object;
    let isCancelledAlready: boolean;
    try {
      const answer = await client.cancel({ runId });
      // From 0.32 on, the answer says whether this call ended the run.
      const endedAs = answer["won"] === false ? String(answer["terminalStatus"]) : undefined;
      isCancelledAlready = endedAs === "cancelled";
      if (endedAs !== undefined && !isCancelledAlready)
        throw refused(`it has already ended: ${escapeControls(endedAs)}`);
      document = answer;
    } catch (error) {
      const refusal = await describeCancelRefusal(error, runId, client);
      if (refusal === undefined) throw error;
      if (refusal.status !== "cancelled") throw refused(refusal.reason);
      isCancelledAlready = true;
      document = { runId, changed: false };
    }
    if (options.watch === true) {
      return {
        ...followRun(session, runId, { onApproval: "wait", resume: false }),
        // Exit 0 only if the run was cancelled. A run that finished first was not.
        exitCode: (status) => {
          if (status === "cancelled") return exitCodes.done;
          if (isTerminalStatus(status)) note(`${run} was not cancelled: it is ${escapeControls(status)}`);
          return status === "finished" ? exitCodes.usage : exitCodeOf(status);
        },
      };
    }
    const text = isCancelledAlready ? `${run} is cancelled already` : `asked ${run} to cancel`;
    return { kind: "document", document, text: () => text };
  },
});
