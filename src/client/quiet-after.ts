/** The server sends up to this many events each time it looks, and looks again after half a second. */
const eventsPerPoll = 200;

/**
 * Milliseconds of silence that mean that the server has sent all it has: the stream does not say where a run's past
 * ends. A poll that brought fewer events than it may was the last one of the history; after a full one, or before the
 * first, the next may still come.
 */
export function quietAfter(count: number): number {
  return count === 0 || count % eventsPerPoll === 0 ? 1500 : 300;
}
