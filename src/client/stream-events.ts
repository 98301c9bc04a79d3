import { connect, type ConnectionOptions } from "./connection.js";
import { HttpError } from "./errors/http-error.js";
import { EventStream, type StreamOptions } from "./event-stream.js";
import { RunEnd } from "./run-end.js";
import type { SmithersEvent } from "./smithers-event.js";

/** What {@link streamEvents} takes. */
export interface StreamEventsArgs extends ConnectionOptions, StreamOptions {
  runId: string;
}

/**
 * Yields a run's events from its first on, each once and in order, until the server closes the stream, which it does
 * when the run has ended. A broken connection is replaced by one that goes on where it was; where the end of one does
 * not show whether it broke, the run's status decides.
 *
 * Leaving the loop closes the connection. The next chunk is read only when the loop asks for it.
 *
 * @throws {@link HttpError} for a 404, 401 or 5xx, where the published client ended silently
 * @throws {@link ConnectionError} where the connection could not be mended, with the position reached
 * @throws {@link ProtocolError} for an answer that is no event stream, or an event that is not JSON
 * @throws {@link PositionError} where the server's numbering moved between two connections
 */
export async function* streamEvents(args: StreamEventsArgs): AsyncGenerator<SmithersEvent, void, undefined> {
  const stream = new EventStream(connect(args), args.runId, args);
  const end = new RunEnd(args, stream);
  for (;;) {
    for await (const batch of stream.read()) {
      end.see(batch);
      for (const event of batch.events) yield event;
    }
    if (stream.endIsProven || (await isReached(end))) return;
  }
}

/** Asks whether the run has ended; a server that does not say has closed the stream, and that is all there is to know. */
async function isReached(end: RunEnd): Promise<boolean> {
  try {
    return (await end.reached()) !== undefined;
  } catch (error) {
    if (error instanceof HttpError) return true;
    throw error;
  }
}
