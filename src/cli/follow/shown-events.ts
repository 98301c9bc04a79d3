import type { EventBatch, EventRecord } from "../../client/index.js";
import type { FollowOutcome } from "../command.js";

type Shown = Pick<FollowOutcome, "runId" | "shownAfter">;

/** Whether an event is to be shown: where some are left out, those before a resume. */
export function isShown({ seq, event }: EventRecord, { runId, shownAfter = -1 }: Shown): boolean {
  return seq > shownAfter || event.runId !== runId;
}

/** The events of a batch that are to be shown, each as JSON on a line of its own. */
export function shownLines(batch: EventBatch, outcome: Shown): string {
  if ((outcome.shownAfter ?? -1) === -1) return batch.lines;
  const shown = [...batch].filter((record) => isShown(record, outcome));
  return shown.map(({ data }) => `${data.replaceAll("\n", " ")}\n`).join("");
}
