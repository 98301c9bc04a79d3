import { countUntil } from "./count-until.js";
import type { Span, TimelineRow } from "./timeline.js";

interface Placed {
  span: Span;
  row: TimelineRow;
}

/**
 * Marks the chain of spans that ends last, in which each span starts when the previous one ended. As far as the times
 * can show, this chain makes up the run's duration. Going back from its end, work and waits of any node take precedence
 * over a queue, because they explain it.
 */
export function markCriticalSpans(rows: readonly TimelineRow[], toleranceMs: number): void {
  const spans = rows
    .flatMap((row) => row.spans.map((span) => ({ span, row })))
    .sort((a, b) => a.span.to - b.span.to);
  const lastEnd = spans.at(-1)?.span.to ?? 0;
  const atEnd = spans.filter(({ span }) => span.to === lastEnd);
  // Of the spans that end together, the one that took longest.
  let current = best(atEnd, ({ span }) => [isQueue(span) ? 0 : 1, -span.from]);
  while (current !== undefined) {
    current.span.isCritical = true;
    const before = predecessorOf(current, spans, toleranceMs);
    if (before !== undefined) markQueueBetween(before, current);
    current = before;
  }
}

function predecessorOf(current: Placed, spans: readonly Placed[], toleranceMs: number): Placed | undefined {
  const { from } = current.span;
  const candidates: Placed[] = [];
  for (let index = countUntil(spans, ({ span }) => span.to, from) - 1; index >= 0; index--) {
    const candidate = spans[index];
    if (candidate === undefined || candidate.span.to < from - toleranceMs) break;
    const { span, row } = candidate;
    const isOthersQueue = isQueue(span) && row !== current.row;
    if (!span.isCritical && span.from <= from && !isOthersQueue) candidates.push(candidate);
  }
  return best(candidates, ({ span, row }) => [isQueue(span) ? 0 : row === current.row ? 2 : 1, span.to]);
}

/** Marks a short queue between two spans of the chain as part of it. */
function markQueueBetween(before: Placed, { span: current, row }: Placed): void {
  for (const span of row.spans) {
    if (isQueue(span) && span.from >= before.span.to && span.to <= current.from) span.isCritical = true;
  }
}

function isQueue({ phase }: Span): boolean {
  return phase === "queued";
}

/** Returns the item with the greatest rank, compared number by number. */
function best<Item>(
  items: readonly Item[],
  rankOf: (item: Item) => readonly [number, number],
): Item | undefined {
  let found: { item: Item; rank: readonly [number, number] } | undefined;
  for (const item of items) {
    const rank = rankOf(item);
    const isBetter =
      found === undefined ||
      rank[0] > found.rank[0] ||
      (rank[0] === found.rank[0] && rank[1] > found.rank[1]);
    if (isBetter) found = { item, rank };
  }
  return found?.item;
}
