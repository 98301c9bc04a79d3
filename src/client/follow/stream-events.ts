import type { SmithersEvent } from "../events.js";
import type { ConnectionOptions } from "../options.js";
import { drive } from "./drive-run.js";
import type { StreamOptions } from "./event-stream.js";
import { readStream } from "./read-run.js";
import { RunProgress } from "./run-progress.js";
import type { ResumeArgsWhileFollowing } from "./watch-run.js";

/** What {@link streamEvents} takes. */
export interface StreamEventsArgs extends ConnectionOptions, StreamOptions, ResumeArgsWhileFollowing {
  runId: string;
}

/**
 * Yields a run's events from the first one on, each once and in order, until the server closes the stream, which it
 * does when the run has ended. A broken connection is replaced by one that continues at the same event.
 *
 * After a decision that this process made with `approve` or `deny`, it sends the resume that a waiting run needs,
 * unless `resume` is false. Leaving the loop closes the connection, and nothing is read ahead of the loop.
 *
 * On a Smithers gateway, the events come in pages, up to half a second late, and the stream ends when the run has
 * provably ended.
 *
 * @example
 * for await (const event of streamEvents({ runId })) console.log(event.type);
 *
 * @throws {@link HttpError} for a 404, 401 or 5xx; the published client ends silently in these cases
 * @throws {@link ConnectionError} if the connection could not be restored, with the position reached
 * @throws {@link ProtocolError} for a response that is not an event stream, or an event that is not JSON
 * @throws {@link PositionError} if the server's numbering moved
 */
export async function* streamEvents(args: StreamEventsArgs): AsyncGenerator<SmithersEvent, void, undefined> {
  for await (const records of drive(readStream, args, new RunProgress(args.runId), "own")) {
    for (const { event } of records) yield event;
  }
}
