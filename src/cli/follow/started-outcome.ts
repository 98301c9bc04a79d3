import type { RunReference } from "../../client/index.js";
import type { Outcome, Session } from "../command.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { followRun, type ConcurrencyOptions, type FollowOptions } from "./follow-run.js";

/** What comes of a run that has been started: its id, or with `--watch` the run, followed to its end. */
export function startedOutcome(
  document: RunReference,
  workflowPath: string | undefined,
  options: FollowOptions & ConcurrencyOptions & { watch?: boolean },
  session: Session,
): Outcome {
  const { runId } = document;
  if (options.watch !== true) return { kind: "document", document, text: () => escapeControls(runId) };
  session.note(
    `following run ${escapeControls(runId)}; to come back: ${session.commandLine("watch", runId)}`,
  );
  return followRun(session, runId, options, { workflowPath, maxConcurrency: options.maxConcurrency });
}
