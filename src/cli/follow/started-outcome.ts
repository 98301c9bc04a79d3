import { HttpError, type RunReference } from "../../client/index.js";
import type { Outcome, Session } from "../command.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { UsageError } from "../usage-error.js";
import { followRun, type ConcurrencyOptions, type FollowOptions } from "./follow-run.js";

/** Returns the outcome of starting a run: its id or, with `--watch`, the run followed to its end. */
export async function startedOutcome(
  document: RunReference,
  workflowPath: string | undefined,
  options: FollowOptions & ConcurrencyOptions & { watch?: boolean },
  session: Session,
): Promise<Outcome> {
  const { runId } = document;
  if (options.watch !== true) {
    await checkRecorded(runId, session);
    return { kind: "document", document, text: () => escapeControls(runId) };
  }
  session.note(
    `following run ${escapeControls(runId)}; to come back: ${session.commandLine("watch", runId)}`,
  );
  return followRun(session, runId, options, { workflowPath, maxConcurrency: options.maxConcurrency });
}

/**
 * Checks that the server has the run. A gateway reports success for input that the workflow's schema rejects, but
 * creates no run.
 */
async function checkRecorded(runId: string, { client, baseUrl }: Session): Promise<void> {
  // The run has started, even if this request fails.
  const traits = await client.getServerTraits().catch(() => undefined);
  if (traits?.hasWorkflowKeys !== true) return;
  try {
    await client.getStatus({ runId });
  } catch (error) {
    if (!(error instanceof HttpError) || error.status !== 404) throw error;
    throw new UsageError(
      `the server took run ${escapeControls(runId)} but never recorded it, at ${baseUrl}, as it does with input that ` +
        "the workflow's schema rejects",
      { code: "NOT_RECORDED", hint: "check the input and the gateway's log" },
    );
  }
}
