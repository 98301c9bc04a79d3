import { ConnectionError } from "../errors/connection-error.js";
import { ProtocolError } from "../errors/protocol-error.js";
import { chunksOf } from "../http/fetch.js";
import type { HttpRequest, OpenResponse } from "../http/request.js";
import type { ResolvedOptions } from "../options.js";
import { EventDecoder, type EventMessage } from "./event-decoder.js";

/** The network code of a connection that was closed because nothing came over it. */
export const idleCode = "IDLE";

/** One connection to a run's events. */
export interface EventConnection {
  /**
   * False if a clean end may hide a broken connection: if the server says that it closes the connection after the
   * answer, Node's `fetch` reports a connection that broke as a complete answer.
   */
  readonly cleanEndIsReliable: boolean;
  /** Whether a page is followed by a pause although there is more, so that a new connection brings the next one sooner. */
  readonly hasSlowPages: boolean;
  /** The delay that the server asks for before a reconnect, in ms. */
  readonly retryMs: number | undefined;
  /** How many comments have come. The server sends them after the events of a poll, so all of those have come, too. */
  readonly comments: number;
  /**
   * Waits for the messages that the next chunk completes, which may be none; undefined once the server has ended the
   * stream cleanly.
   *
   * @throws {ConnectionError} if the connection breaks, ends within an event, or brings nothing for `idleTimeoutMs`
   */
  next(idleTimeoutMs: number): Promise<EventMessage[] | undefined>;
  close(): void;
}

/**
 * Reads a response as an event stream.
 *
 * @throws {ProtocolError} for a response that is none, such as a proxy's page
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
      // The clock runs only while a read is pending, so that a slow consumer does not trip it.
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
