import { ConnectionError } from "../errors/connection-error.js";
import { ProtocolError } from "../errors/protocol-error.js";
import { chunksOf } from "../http/fetch.js";
import type { HttpRequest, OpenResponse } from "../http/request.js";
import type { ResolvedOptions } from "../options.js";
import { EventDecoder, type EventMessage } from "./event-decoder.js";

/** The network code of a connection that was closed because no data arrived. */
export const idleCode = "IDLE";

/** One connection to a run's events. */
export interface EventConnection {
  /**
   * Whether a clean end proves that nothing is missing. If the server says that it closes the connection after the
   * answer, Node's `fetch` reports a broken connection as a complete answer.
   */
  readonly cleanEndIsReliable: boolean;
  /**
   * Whether the server pauses between pages even if there is more, so that a new connection gets the next page sooner.
   */
  readonly hasSlowPages: boolean;
  /** The reconnect delay that the server asked for, in ms; `undefined` if it did not. */
  readonly retryMs: number | undefined;
  /**
   * How many comments have arrived. The server sends a comment after the events of each poll, so those have all arrived
   * too.
   */
  readonly comments: number;
  /**
   * Waits for the next chunk and returns the messages that it completes, possibly none; `undefined` once the server has
   * ended the stream cleanly.
   *
   * @throws {ConnectionError} if the connection breaks, ends within an event, or brings nothing for `idleTimeoutMs`
   */
  next(idleTimeoutMs: number): Promise<EventMessage[] | undefined>;
  close(): void;
}

/**
 * Reads a response as an event stream.
 *
 * @throws {ProtocolError} if the response is not an event stream but, for example, a proxy's page
 */
export function openEventConnection(
  options: ResolvedOptions,
  { method, path }: HttpRequest,
  open: OpenResponse,
): EventConnection {
  const { status, headers, body } = open.response;
  const type = headers.get("content-type") ?? "no content type";
  if (status !== 200 || !/^text\/event-stream\b/i.test(type)) {
    open.close();
    throw new ProtocolError(
      `the event stream opened with ${status} and ${options.redact(type)} instead of 200 and text/event-stream ` +
        `(${method} ${path}); is this a Smithers server?`,
    );
  }
  const broken = (message: string, networkCode?: string) =>
    new ConnectionError(message, { method, path, networkCode, mayHaveBeenApplied: false });
  const chunks = body === null ? undefined : chunksOf(body);
  const decoder = new EventDecoder();
  return {
    hasSlowPages: true,
    cleanEndIsReliable: !/\bclose\b/i.test(headers.get("connection") ?? ""),
    get retryMs() {
      return decoder.retryMs;
    },
    get comments() {
      return decoder.comments;
    },
    close: () => open.close(),
    async next(idleTimeoutMs) {
      if (chunks === undefined) return undefined;
      // The timeout runs only while a read is pending, so that a slow consumer does not trigger it.
      const { done, value } = await open.withTimeout(
        () => chunks.next(),
        idleTimeoutMs,
        () => broken(`nothing came from ${options.baseUrl} for ${idleTimeoutMs / 1000} s`, idleCode),
      );
      if (!done) return decoder.push(value);
      if (decoder.isMidEvent) {
        throw broken(`the connection to ${options.baseUrl} ended before an event was complete`);
      }
      return undefined;
    },
  };
}
