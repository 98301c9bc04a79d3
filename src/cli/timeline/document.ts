import type { Run } from "../../client/index.js";
import { criticalMs, endOf, isCritical, startOf, type Timeline } from "./timeline.js";

/** Returns the timeline as a document for JSON. `startMs` counts from the run's start. */
export function timelineDocument(
  { runId, workflowName, status }: Run,
  timeline: Timeline,
  goesOn: boolean,
): object {
  const { startedAt, endsAt, rows } = timeline;
  const since = (at: number) => at - (startedAt ?? at);
  return {
    runId,
    workflowName,
    status,
    startedAtMs: startedAt,
    durationMs: startedAt === null ? null : endsAt - startedAt,
    goesOn,
    criticalMs: criticalMs(timeline),
    nodes: rows.map((row) => ({
      nodeId: row.nodeId,
      iteration: row.iteration,
      attempt: row.attempt,
      state: row.state,
      startMs: since(startOf(row)),
      durationMs: endOf(row) - startOf(row),
      critical: isCritical(row),
      spans: row.spans.map((span) => ({
        phase: span.phase,
        startMs: since(span.from),
        durationMs: span.to - span.from,
        critical: span.isCritical,
      })),
    })),
  };
}
