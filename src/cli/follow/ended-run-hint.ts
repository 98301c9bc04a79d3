import { HttpError } from "../../client/index.js";
import type { Session } from "../command.js";
import { afterFailureOnGateway } from "../describe/gateway-blockers.js";

/**
 * Returns the command that helps if a server refuses to resume an ended run, as a gateway does; `undefined` for other
 * errors, or if no command is known.
 */
export async function endedRunHint(
  error: unknown,
  runId: string,
  { cleanupClient, commandLine }: Session,
): Promise<string | undefined> {
  if (!(error instanceof HttpError) || error.code !== "RUN_ENDED") return undefined;
  try {
    const run = await cleanupClient.getStatus({ runId });
    const { workflowKey, status } = run;
    if (status === "failed") {
      const { view } = await cleanupClient.loadRunView({ runId });
      const { command } = afterFailureOnGateway(run, view);
      if (command !== undefined) return commandLine(...command);
    }
    return typeof workflowKey === "string" ? commandLine("run", workflowKey) : undefined;
  } catch {
    return undefined;
  }
}
