import type { FollowedRun, FollowOutcome } from "../command.js";
import { EventLines } from "../describe/event-lines.js";
import { paintLabel } from "../describe/run-labels.js";
import { learnLoops } from "../live/learn-loops.js";
import type { Output } from "../output.js";
import { heartbeat } from "./heartbeat.js";

/** Prints the events of several runs as lines, each prefixed with its run's label. */
export async function printLabelled(
  { runs, updates, heartbeatMs, showsOutput }: FollowOutcome,
  { stdout, stderr, style }: Output,
): Promise<void> {
  const printers = new Map<FollowedRun, EventLines>();
  const silence = heartbeat(heartbeatMs, () => {
    const open = runs.filter(({ ended }) => ended === undefined).length;
    stderr.write(`still following ${open} runs\n`).catch(() => {});
  });
  try {
    for await (const { run, records } of updates) {
      await learnLoops(run, records);
      const printer =
        printers.get(run) ??
        new EventLines(
          style,
          () => run.view().startedAtMs,
          run.loops,
          showsOutput ? "all" : "of failed nodes",
        );
      printers.set(run, printer);
      const lines = records.flatMap(({ event }) => printer.linesFor(event));
      if (lines.length === 0) continue;
      silence.beat();
      const label = run.label === undefined ? "" : `${paintLabel(run.label, style)}  `;
      await stdout.write(lines.map((line) => `${label}${line}\n`).join(""));
    }
  } finally {
    silence.stop();
  }
}
