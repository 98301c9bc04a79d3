import type { Run } from "../../client/index.js";
import type { FollowOutcome, SeveralRuns } from "../command.js";
import { EventLines } from "../describe/event-lines.js";
import type { Output } from "../formats/format.js";
import { heartbeat } from "./heartbeat.js";
import { paintLabel, type RunLabel } from "../describe/run-labels.js";

/** Shows the events of several runs as lines, each with the label of its run in front; gives the last status. */
export async function printLabelled(
  { records, heartbeatMs }: FollowOutcome,
  { labelOf, open }: SeveralRuns,
  { stdout, stderr, style }: Output,
): Promise<Run> {
  const printers = new Map<RunLabel, EventLines>();
  const silence = heartbeat(heartbeatMs, () => {
    stderr.write(`still following ${open()} runs\n`).catch(() => {});
  });
  try {
    for (;;) {
      const { done, value } = await records.next();
      if (done) return value;
      const label = labelOf(value);
      const printer = printers.get(label) ?? new EventLines(style, () => null);
      printers.set(label, printer);
      const lines = value.flatMap(({ event }) => printer.linesFor(event));
      if (lines.length === 0) continue;
      silence.beat();
      await stdout.write(lines.map((line) => `${paintLabel(label, style)}  ${line}\n`).join(""));
    }
  } finally {
    silence.stop();
  }
}
