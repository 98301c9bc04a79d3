import type { ProtocolServer } from "./protocol-server.js";
import type { Random } from "./random.js";
import { block } from "./raw-server.js";

/** One thing that happens on the server: an event, or a write of the status. */
type Step = EventStep | StatusStep;
type EventStep = { runId: string; event: { type: string; timestampMs: number } };
type StatusStep = { runId: string; status: string; finishedAtMs: number | null };

/** A run's history, including the run that continues its work. */
export interface History {
  runId: string;
  /** What happens before the run is watched. */
  past: Step[];
  /** What happens while the run is watched. */
  future: Step[];
  /** The final status. */
  finalStatus: string;
}

const endings = { finished: "RunFinished", failed: "RunFailed", cancelled: "RunCancelled" } as const;
const texts = [
  "done",
  "déjà vu",
  "進捗 50 %",
  "🚀 off it goes",
  "a\nb\r\nc",
  "\u2028\u2029",
  "data: event: id: 3",
  "\ufeff",
];

/**
 * Generates a run of about `size` events, which may have an earlier `RunFailed` and a resume in its past, a status that
 * is written before its event, a decision that is recorded after the end, or another run that continues the work.
 */
export function makeHistory(random: Random, size: number): History {
  const runId = `run-${random.int(0, 1e9)}`;
  let clock = 1_700_000_000_000;
  let count = 0;
  const event = (id: string, type: string, fields: object = {}): EventStep => ({
    runId: id,
    // The count makes each event unique.
    event: { type, ...{ runId: id, n: count++ }, timestampMs: (clock += random.int(0, 20)), ...fields },
  });
  const work = (id: string, amount: number): Step[] =>
    Array.from({ length: amount }, () =>
      event(id, random.pick(["NodeStarted", "NodeFinished", "NodeOutput", "SomethingNew"]), {
        text: random.pick(texts).repeat(random.chance(0.03) ? random.int(100, 600) : random.int(0, 3)),
      }),
    );
  /** As on real servers, where the status is written a moment before its event; both have the time of the end. */
  const end = (id: string, status: string, type: string, fields: object = {}): [Step, Step] => {
    const told = event(id, type, fields);
    const written = { runId: id, status, finishedAtMs: told.event.timestampMs - random.int(0, 3) };
    return random.chance(0.7) ? [written, told] : [told, written];
  };

  const past: Step[] = [event(runId, "RunStarted")];
  if (random.chance(0.5)) {
    past.push(
      ...work(runId, random.int(0, size / 2)),
      ...end(runId, "failed", "RunFailed", { error: "old" }),
    );
    past.push({ runId, status: "running", finishedAtMs: null }, event(runId, "RunStarted"));
  }
  past.push(...work(runId, random.int(0, size / 2)));
  const future: Step[] = work(runId, random.int(1, size));
  let last = runId;
  if (random.chance(0.15)) {
    last = `${runId}-next`;
    future.push(...end(runId, "continued", "RunContinuedAsNew", { newRunId: last }));
    future.push(event(last, "RunStarted"), ...work(last, random.int(0, size / 2)));
  }
  if (random.chance(0.3)) {
    future.push(
      { runId: last, status: "waiting-approval", finishedAtMs: null },
      event(last, "NodeWaitingApproval"),
    );
    future.push({ runId: last, status: "running", finishedAtMs: null }, event(last, "RunStarted"));
  }
  const finalStatus = random.pick(["finished", "failed", "cancelled"] as const);
  const [first, second] = end(last, finalStatus, endings[finalStatus]);
  // If the status comes last, a decision may still be recorded between the run's last event and the closing.
  const decided =
    "event" in first && random.chance(0.3) ? [event(last, "ApprovalGranted", { nodeId: "late" })] : [];
  future.push(first, ...decided, second);
  return { runId, past, future, finalStatus };
}

/** Returns the events in the order in which a watcher should get them. */
export function eventsOf(history: History): string[] {
  return [...history.past, ...history.future].flatMap((step) =>
    "event" in step ? [JSON.stringify(step.event)] : [],
  );
}

/** Performs a step on the server. */
export function perform(server: ProtocolServer, step: Step): void {
  if (!server.runs.has(step.runId)) server.addRun(step.runId);
  if ("event" in step) server.publish(step.runId, step.event);
  else server.setStatus(step.runId, step.status, step.finishedAtMs);
}

/** Picks a valid way to write events, including ones that no known server uses. Each run of the rig has its own. */
export function makeFrame(random: Random): (data: string, seq: number) => string {
  const withIds = random.chance(0.2);
  const style = random.pick(["plain", "plain", "noSpace", "unnamed", "manyLines", "noisy"]);
  return (data, seq) => {
    const id = withIds ? `id: ${seq}\n` : "";
    switch (style) {
      case "noSpace":
        return `${id}event:smithers\ndata:${data}\n\n`;
      case "unnamed":
        return `data: ${data}\n${id}\n`;
      case "manyLines": {
        // Between the first two members, where JSON allows a line break.
        const comma = data.indexOf(",") + 1;
        return `event: smithers\n${id}data: ${data.slice(0, comma)}\ndata: ${data.slice(comma)}\n\n`;
      }
      case "noisy":
        return (
          `: about to come\n\nevent: ping\ndata: {"not":"numbered"}\n\n\n` +
          `data:\n\nevent: smithers\ndata:\n\n${id}${block(data)}`
        );
      default:
        return id + block(data);
    }
  };
}
