import { isTerminalStatus, HttpError, type SmithersClient } from "../../client/index.js";
import { escapeControls } from "../terminal/escape-controls.js";

/**
 * Returns the run's status, and why the server refuses to cancel a run that it knows: 0.5.0 answers "not found" for any
 * run that is not executing. `undefined` if the refusal means something else.
 */
export async function describeCancelRefusal(
  error: unknown,
  runId: string,
  client: Pick<SmithersClient, "getStatus">,
): Promise<{ status: string; reason: string } | undefined> {
  if (!(error instanceof HttpError) || (error.status !== 404 && error.code !== "RUN_NOT_ACTIVE"))
    return undefined;
  const { status } = await client.getStatus({ runId });
  return { status, reason: reasonFor(status) };
}

function reasonFor(status: string): string {
  if (isTerminalStatus(status)) return `it has already ended: ${escapeControls(status)}`;
  if (status === "running")
    return "no engine is executing it: the server was restarted, and it waits for a resume";
  return `it is paused (${escapeControls(status)}), and this server cancels only what is executing; deny its approval, or resume it and cancel then`;
}
