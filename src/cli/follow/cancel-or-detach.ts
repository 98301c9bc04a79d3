import { isTerminalStatus, type SmithersClient } from "../../client/index.js";
import type { Session } from "../command.js";
import { Interrupted } from "../context.js";
import { describeCancelRefusal } from "../describe/cancel-refusal.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** How long to wait for a cancelled run to end, in ms. The work that it has under way ends first. */
const patienceMs = 30_000;

/** Cancels the followed run if the options ask for that, and returns a message about the result. */
export async function cancelOrDetach(
  runId: string,
  options: { cancelOnTimeout?: boolean; cancelOnInterrupt?: boolean },
  { signal, cleanupClient, waitFor }: Session,
): Promise<string> {
  const run = `run ${escapeControls(runId)}`;
  const cancels = signal.reason instanceof Interrupted ? options.cancelOnInterrupt : options.cancelOnTimeout;
  if (cancels !== true) return `${run} continues`;
  return waitFor(`cancelling ${run}`, cancelAndWait(runId, cleanupClient));
}

async function cancelAndWait(runId: string, cleanupClient: SmithersClient): Promise<string> {
  const run = `run ${escapeControls(runId)}`;
  try {
    await cleanupClient.cancel({ runId });
    for (const ends = Date.now() + patienceMs; Date.now() < ends;) {
      const { status } = await cleanupClient.getStatus({ runId });
      if (isTerminalStatus(status)) return `${run} is ${escapeControls(status)}`;
      await new Promise((done) => setTimeout(done, 200));
    }
    return `${run} is being cancelled; its running tasks have not finished yet`;
  } catch (error) {
    const refusal = await describeCancelRefusal(error, runId, cleanupClient).catch(() => undefined);
    if (refusal?.status === "cancelled") return `${run} is cancelled`;
    const why = refusal?.reason ?? escapeControls(error instanceof Error ? error.message : String(error));
    return `${run} could not be cancelled: ${why}`;
  }
}
