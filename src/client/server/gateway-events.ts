import { ConnectionError } from "../errors/connection-error.js";
import { ProtocolError } from "../errors/protocol-error.js";
import { TimeoutError } from "../errors/timeout-error.js";
import { connectionErrorMessages } from "../http/connection-error-messages.js";
import { linkAbort } from "../http/linked-abort.js";
import { OversizedAnswer } from "../http/request.js";
import { isOutage } from "../http/retry.js";
import { realClock, type Clock } from "../http/wait.js";
import type { ResolvedOptions } from "../options.js";
import { isTerminalStatus, statusOfEndEvent } from "../view/run-status.js";
import { idleCode, type EventConnection } from "./event-connection.js";
import type { EventMessage } from "./event-decoder.js";

/** Where the events are read from. Each method sends one request. */
export interface EventPages {
  /** The request's path, for error messages. */
  path: string;
  /** Reads at most `limit` events after the one numbered `afterSeq`, in order; -1 for all events. */
  read(options: ResolvedOptions, afterSeq: number, limit: number): Promise<EventMessage[]>;
  /** Reads the run's status. */
  status(options: ResolvedOptions): Promise<string>;
}

/** How many events to request at a time. */
const maxPageSize = 1000;
/** The pause before the next page once all events have been read, before jitter. In ms. */
const pollMs = 500;
/**
 * How long a status is considered current, in ms. A gateway with an idle limit does not count reading events as
 * activity, but it counts reading the run. The shortest sensible idle limit is a minute.
 */
const statusMs = 10_000;
/** How many status requests in a row may fail while pages still arrive. */
const maxFailedStatuses = 3;
/** The pause before the page that proves the end, in ms. The status may be written a moment before the last event. */
const settleMs = 250;

/**
 * Reads a run's events page by page, and delivers them like a connection that ends once the run has ended. A page
 * without events that was requested after the status became terminal proves the end.
 */
export async function openEventPages(
  options: ResolvedOptions,
  pages: EventPages,
  afterSeq: number,
  clock: Clock = realClock,
): Promise<EventConnection> {
  const { controller, unlink } = linkAbort(options.signal);
  const inner = { ...options, signal: controller.signal };
  const close = () => {
    unlink();
    controller.abort();
  };
  let position = afterSeq;
  let pageSize = maxPageSize;
  let comments = 0;
  /** Whether the last event about the run as a whole ended it. */
  let hasEndEvent = false;
  let isCaughtUp = false;
  let isTerminal = false;
  let statusAskedAt = -Infinity;
  let failedStatuses = 0;

  async function readStatus(timeoutMs: number): Promise<void> {
    try {
      isTerminal = isTerminalStatus(await pages.status({ ...inner, timeoutMs }));
      statusAskedAt = clock.now();
      failedStatuses = 0;
    } catch (error) {
      inner.signal.throwIfAborted();
      // The next poll asks again.
      if (!isOutage(error) || ++failedStatuses >= maxFailedStatuses) throw error;
    }
  }

  async function readPage(timeoutMs: number): Promise<EventMessage[]> {
    for (;;) {
      try {
        const messages = await pages.read({ ...inner, timeoutMs }, position, pageSize);
        isCaughtUp = messages.length < pageSize;
        pageSize = Math.min(2 * pageSize, maxPageSize);
        observe(messages);
        return messages;
      } catch (error) {
        // A smaller page may get through.
        if (!isTooMuch(error) || pageSize === 1) throw error;
        pageSize = Math.ceil(pageSize / 10);
      }
    }
  }

  function observe(messages: readonly EventMessage[]): void {
    if (messages.length === 0) {
      comments++;
      return;
    }
    const last = messages.at(-1)?.id ?? position;
    if (last <= position) {
      throw new ProtocolError(`the events after ${position} end with ${last} (${pages.path})`);
    }
    position = last;
    for (const type of messages.map(({ data }) => typeOf(data))) {
      if (statusOfEndEvent.has(type)) hasEndEvent = true;
      else if (type === "RunStarted") hasEndEvent = false;
    }
    // Re-read the status: an end event has arrived, or the terminal status was not the last one.
    if (isTerminal || hasEndEvent) statusAskedAt = -Infinity;
    isTerminal = false;
  }

  let first: EventMessage[] | undefined;
  try {
    first = await readPage(options.timeoutMs);
  } catch (error) {
    close();
    throw error;
  }

  return {
    cleanEndIsReliable: true,
    hasSlowPages: false,
    retryMs: undefined,
    get comments() {
      return comments;
    },
    close,
    async next(idleTimeoutMs) {
      if (first !== undefined) {
        const messages = first;
        first = undefined;
        return messages;
      }
      const timeoutMs = Math.min(idleTimeoutMs, options.timeoutMs);
      try {
        if (isCaughtUp) {
          if (clock.now() - statusAskedAt >= statusMs) await readStatus(timeoutMs);
          const pauseMs = !isTerminal ? clock.jitter(pollMs) : hasEndEvent ? 0 : settleMs;
          if (pauseMs > 0) await clock.sleep(pauseMs, inner.signal);
        }
        const wasTerminal = isTerminal;
        const messages = await readPage(timeoutMs);
        return wasTerminal && messages.length === 0 ? undefined : messages;
      } catch (error) {
        throw asBrokenConnection(error, pages, timeoutMs);
      }
    },
  };
}

/** Converts a failure to read a page to a broken connection, because it may be temporary. */
function asBrokenConnection(error: unknown, { path }: EventPages, timeoutMs: number): unknown {
  const fields = { method: "GET", path, mayHaveBeenApplied: false, cause: error };
  if (error instanceof TimeoutError) {
    const message = `no answer came for ${timeoutMs / 1000} s`;
    return new ConnectionError(message, { ...fields, networkCode: idleCode });
  }
  return error instanceof ProtocolError ? new ConnectionError(error.message, fields) : error;
}

/** Whether an answer was too large, or broke off on the way. */
function isTooMuch(error: unknown): boolean {
  if (error instanceof OversizedAnswer) return true;
  return error instanceof ConnectionError && !connectionErrorMessages.has(error.networkCode ?? "");
}

/** Returns an event's type without parsing the event. The type comes first, and the rest may be large. */
function typeOf(data: string): string {
  return /^\{"type":"(\w+)"/.exec(data)?.[1] ?? "";
}
