import { nodeKey } from "../../client/index.js";
import { countUntil } from "./count-until.js";
import { markCriticalSpans } from "./critical-path.js";
import type { FindPredecessors } from "./predecessors.js";
import type { NodeTimes, RunTimes } from "./run-times.js";

/** What a node did at a time. `waiting` is for a timer or a signal. */
export type Phase = "queued" | "approval" | "waiting" | "executing";

/** A part of a row. Times are in milliseconds since 1970, by the server's clock. */
export interface Span {
  phase: Phase;
  from: number;
  to: number;
  /** Whether it is part of the longest chain. */
  isCritical: boolean;
}

/** One attempt of a node, in one iteration of its loop. */
export interface TimelineRow {
  nodeId: string;
  iteration: number;
  /** Counted from 1; 0 if the node has not started. */
  attempt: number;
  /** How it ended, such as `finished` or `denied`, or what it is doing. */
  state: string;
  /** In order; at least one. */
  spans: Span[];
}

/** Where a run's time went. */
export interface Timeline {
  /** `null` until the run has started. */
  startedAt: number | null;
  /** The run's end, or the current time if it has not ended. */
  endsAt: number;
  /** In the order in which they started. */
  rows: TimelineRow[];
}

/** How long after the end of the previous span the next one in a chain may start. In ms. */
const toleranceMs = 50;

/**
 * Builds the timeline from a run's times. A node is queued from the end of the nodes before it in the tree. A node that
 * is not in the tree is queued from the last end of any other node.
 *
 * @param now the current time, in milliseconds since 1970 by the server's clock
 */
export function buildTimeline(times: RunTimes, now: number, predecessors?: FindPredecessors): Timeline {
  const { startedAt } = times;
  if (startedAt === null) return { startedAt, endsAt: now, rows: [] };
  const endsAt = times.endedAt ?? Math.max(now, times.lastEventAt ?? now);
  const ends = new Ends(times);
  const rows = [...times.nodes.values()]
    .flatMap((node) => rowsOf(node, times, endsAt, readiness(node, ends, startedAt, predecessors)))
    .sort((a, b) => startOf(a) - startOf(b));
  markCriticalSpans(rows, toleranceMs);
  return { startedAt, endsAt, rows };
}

export function startOf({ spans }: Pick<TimelineRow, "spans">): number {
  return spans[0]?.from ?? 0;
}

export function endOf({ spans }: Pick<TimelineRow, "spans">): number {
  return spans.at(-1)?.to ?? 0;
}

export function isCritical({ spans }: Pick<TimelineRow, "spans">): boolean {
  return spans.some((span) => span.isCritical);
}

/** Returns the time from the first to the last span of the longest chain, in ms. */
export function criticalMs({ rows }: Timeline): number {
  const spans = rows.flatMap((row) => row.spans).filter((span) => span.isCritical);
  if (spans.length === 0) return 0;
  const from = spans.reduce((first, span) => Math.min(first, span.from), Infinity);
  return spans.reduce((last, span) => Math.max(last, span.to), -Infinity) - from;
}

/** When nodes ended. */
class Ends {
  readonly #byKey = new Map<string, number[]>();
  readonly #byId = new Map<string, number[]>();
  readonly #all: { at: number; key: string }[] = [];

  constructor({ nodes }: RunTimes) {
    for (const [key, node] of nodes) {
      const ends = node.attempts.flatMap(({ executing }) => executing.flatMap(({ to }) => to ?? []));
      if (node.endedAt !== null) ends.push(node.endedAt);
      ends.sort((a, b) => a - b);
      this.#byKey.set(key, ends);
      const ofAllTurns = this.#byId.get(node.nodeId) ?? [];
      this.#byId.set(node.nodeId, ofAllTurns);
      for (const at of ends) {
        ofAllTurns.push(at);
        this.#all.push({ at, key });
      }
    }
    this.#all.sort((a, b) => a.at - b.at);
    for (const ends of this.#byId.values()) ends.sort((a, b) => a - b);
  }

  /** Returns the last end of a node up to a time; `undefined` if there is none. */
  lastOf({ nodeId, key }: { nodeId: string; key: string | undefined }, until: number): number | undefined {
    const ends = (key === undefined ? this.#byId.get(nodeId) : this.#byKey.get(key)) ?? [];
    return ends[countUntil(ends, (end) => end, until) - 1];
  }

  /** Returns the last end of any other node up to a time; `undefined` if there is none. */
  lastOfOthers(key: string, until: number): number | undefined {
    let index = countUntil(this.#all, ({ at }) => at, until) - 1;
    while (this.#all[index]?.key === key) index--;
    return this.#all[index]?.at;
  }
}

/** When a node could have started, and whether the run has reached it. */
interface Readiness {
  at: number;
  isReached: boolean;
}

function readiness(
  node: NodeTimes,
  ends: Ends,
  startedAt: number,
  predecessors: FindPredecessors | undefined,
): Readiness {
  const began = node.attempts[0]?.executing[0]?.from;
  const before = predecessors?.(node.nodeId, node.iteration);
  const own = nodeKey(node.nodeId, node.iteration);
  if (before === undefined) {
    const reached = node.isApprovalReached ? node.approval?.from : undefined;
    const seen = reached ?? began ?? node.approval?.from ?? node.waiting?.from;
    const last = ends.lastOfOthers(own, seen ?? -Infinity) ?? startedAt;
    return { at: Math.max(startedAt, last), isReached: seen !== undefined };
  }
  const until = began ?? node.endedAt ?? Infinity;
  const lasts = before.filter(({ key }) => key !== own).map((each) => ends.lastOf(each, until));
  const at = lasts.reduce<number>((max, end) => Math.max(max, end ?? startedAt), startedAt);
  return { at, isReached: lasts.every((end) => end !== undefined) };
}

function rowsOf(node: NodeTimes, times: RunTimes, endsAt: number, ready: Readiness): TimelineRow[] {
  const { nodeId, iteration, approval, waiting, attempts } = node;
  const rows: TimelineRow[] = [];
  let spans: Span[] = [];
  let cursor = ready.at;
  const add = (phase: Phase, from: number, to: number) => {
    if (to > from || phase === "executing") spans.push({ phase, from, to, isCritical: false });
    cursor = Math.max(cursor, to);
  };
  const queueUntil = (to: number) => {
    // Nothing is queued in an ended run until it is resumed.
    const down = times.downtimes.findLast((each) => each.from >= cursor && each.to <= to);
    add("queued", down?.to ?? cursor, to);
  };
  const endRow = (attempt: number, state: string) => {
    const last = spans.at(-1);
    if (last !== undefined) rows.push({ nodeId, iteration, attempt, state: state || last.phase, spans });
    spans = [];
  };

  const isAsked = approval !== null && (approval.to === null ? ready.isReached : approval.to > cursor);
  for (const [phase, wait] of [
    ["approval", isAsked ? approval : null],
    ["waiting", waiting],
  ] as const) {
    if (wait === null) continue;
    const from = Math.max(wait.from, cursor);
    queueUntil(from);
    add(phase, from, Math.max(from, wait.to ?? endsAt));
  }
  for (const { attempt, executing, state } of attempts) {
    for (const { from, to } of executing) {
      queueUntil(Math.max(cursor, from));
      add("executing", from, Math.max(from, to ?? endsAt));
    }
    endRow(attempt, state);
  }
  const hasNothingToWaitFor = waiting === null && approval?.to !== null && ready.isReached;
  const isDue = node.endedAt === null && attempts.length === 0 && hasNothingToWaitFor;
  if (times.endedAt === null && (isDue || node.nextAttempt !== null)) queueUntil(endsAt);
  endRow(node.nextAttempt ?? 0, node.nextAttempt === null ? node.state : "");
  return rows;
}
