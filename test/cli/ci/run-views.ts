import { emptyRunView, reduceEvents, type RunView, type SmithersEvent } from "../../../src/client/index.js";

/** The view of a run after these events, which are one second apart. */
export function viewOf(...events: { type: string; nodeId?: string; error?: unknown }[]): RunView {
  const numbered = events.map((event, at) => ({
    ...{ runId: "r", iteration: 0, attempt: 1, timestampMs: 1000 * (at + 1) },
    ...event,
  }));
  return reduceEvents(emptyRunView("r"), numbered as SmithersEvent[]);
}

/** A run with nodes of these names, the last of which failed with this error. */
export function failedRun(nodeIds: readonly string[], error: unknown): RunView {
  const last = nodeIds.at(-1) ?? "";
  return viewOf(
    { type: "RunStarted" },
    ...nodeIds.flatMap((nodeId) => [
      { type: "NodeStarted", nodeId },
      nodeId === last ? { type: "NodeFailed", nodeId, error } : { type: "NodeFinished", nodeId },
    ]),
    { type: "RunFailed", error },
  );
}
