import { HttpError } from "../../client/index.js";
import type { Session } from "../command.js";
import { afterFailureOnGateway } from "../describe/gateway-blockers.js";

/** What helps where a server refuses to resume a run that has ended, as a gateway does; undefined for other errors. */
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
