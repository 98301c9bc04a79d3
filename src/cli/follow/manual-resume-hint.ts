import { SmithersError, type SmithersClient } from "../../client/index.js";
import type { Session } from "../command.js";
import { shellWord } from "../args/shell-word.js";
import { escapeControls } from "../terminal/escape-controls.js";

/**
 * Runs the work that lets a run continue. Notes a failure instead of throwing it, because the action that made the
 * resume necessary has already succeeded.
 */
export async function tryToResume(
  runId: string,
  session: Session,
  work: (client: SmithersClient) => Promise<void>,
): Promise<void> {
  try {
    await work(session.client);
  } catch (error) {
    session.signal.throwIfAborted();
    session.note(manualResumeHint(runId, error, session));
  }
}

/** Returns a note on why a resume that the run needs could not be sent, with the command to type instead. */
export function manualResumeHint(runId: string, error: unknown, { commandLine }: Session): string {
  const code = error instanceof SmithersError ? error.code : undefined;
  const needs = "the run continues only after a resume";
  if (code === "ONE_RUN_SERVER") {
    const command = `smithers up <workflow> --resume ${shellWord(runId)}`;
    return `${needs}, which its own server does not accept; run this where it was started: ${command}`;
  }
  if (code === "DB_NOT_CONFIGURED") {
    const command = `${commandLine("resume", runId)} <workflow>`;
    return `${needs}, and the server keeps no list to look up its workflow in; run: ${command}`;
  }
  const why = escapeControls(error instanceof Error ? error.message : String(error));
  return `${needs}, and that failed (${why}); run: ${commandLine("resume", runId)}`;
}
