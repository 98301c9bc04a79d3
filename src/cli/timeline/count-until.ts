/** Returns how many of the items, which must be sorted by time, are at or before a time. */
export function countUntil<Item>(
  sorted: readonly Item[],
  timeOf: (item: Item) => number,
  until: number,
): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeOf(sorted[middle] as Item) <= until) low = middle + 1;
    else high = middle;
  }
  return low;
}
