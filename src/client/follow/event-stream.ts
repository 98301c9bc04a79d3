import { ConnectionError } from "../errors/connection-error.js";
import { HttpError } from "../errors/http-error.js";
import { PositionError } from "../errors/position-error.js";
import { ProtocolError } from "../errors/protocol-error.js";
import type { SmithersEvent } from "../events.js";
import { isOutage, isRetryable, retryDelay, retryPolicies } from "../http/retry.js";
import { jittered, startTimer, wait } from "../http/wait.js";
import { checkedCount, checkedDuration, type ResolvedOptions } from "../options.js";
import { withServer } from "../server/detect-server.js";
import { idleCode, type EventConnection } from "../server/event-connection.js";
import type { EventMessage } from "../server/event-decoder.js";
import type { EventRecord } from "./event-record.js";
import { pageSize, PagesAhead } from "./pages-ahead.js";
import { startedRecently } from "./recent-starts.js";

/** What `onReconnect` receives before each wait for the next connection. */
export interface Reconnect {
  runId: string;
  /** Number of the last event delivered, -1 before the first. */
  position: number;
  /**
   * How many attempts in a row brought nothing, including this one; 0 if the last connection brought events or stayed
   * up for 5 s.
   */
  attempt: number;
  /** Milliseconds until the next attempt. */
  delayMs: number;
  /** Why the last connection ended; `undefined` if the server closed it cleanly. */
  cause: unknown;
}

/** Options for following a stream. */
export interface StreamOptions {
  /** Start after the event with this number. Default: -1, which starts at the run's first event. */
  afterSeq?: number | undefined;
  /**
   * Milliseconds without a byte before a connection counts as dead. Default: 30,000 (the server sends a comment every
   * 10 s).
   */
  idleTimeoutMs?: number | undefined;
  /**
   * Milliseconds before the first reconnect, doubled after each attempt that brings nothing. Default: the server's
   * `retry:`, or 1,000.
   */
  reconnectDelayMs?: number | undefined;
  /** How many attempts in a row may bring nothing before the stream gives up. Default: 10. */
  maxReconnects?: number | undefined;
  /** Called before each wait for the next connection. */
  onReconnect?: ((reconnect: Reconnect) => void) | undefined;
}

/** How one connection ended: at the end of a full page, cleanly, or broken. */
type ConnectionEnd = { kind: "page" } | { kind: "clean" } | { kind: "broken"; cause: unknown };

/** A connection that stayed up this long counts as good even if it brought nothing. In ms. */
const goodConnectionMs = 5000;
const maxDelayMs = 30_000;
const maxRetryAfterMs = 60_000;
/** The server polls for new events every 500 ms, so events after a shorter silence belong to the same page. In ms. */
const pageGapMs = 250;
/** A refusal from the server itself is believed once it comes this many times in a row. */
const believedRefusals = 2;

/** A run's numbered events, read over as many connections as needed. */
export class EventStream {
  readonly #options: ResolvedOptions;
  readonly #runId: string;
  readonly #stream: StreamOptions;
  readonly #idleTimeoutMs: number;
  readonly #maxReconnects: number;
  readonly #pages: PagesAhead;
  /** The number of the next event. The server numbers events from 0 without gaps, but may not send the numbers. */
  #next: number;
  #last: EventRecord | undefined;
  /** How many attempts in a row brought nothing. */
  #attempt = 0;
  #refusals = 0;
  #retryMs: number | undefined;
  #everOpened = false;
  /** Whether this server has already streamed events, so that even the first connection waits out an outage. */
  #serverSeen: boolean;
  #cleanEndIsReliable = true;
  /** `false` once the server has sent more than a page at a time. */
  #readsPages = true;
  #comments = 0;

  /** @throws {ArgumentError} */
  constructor(options: ResolvedOptions, runId: string, stream: StreamOptions, serverSeen = false) {
    this.#options = options;
    this.#runId = runId;
    this.#stream = stream;
    this.#serverSeen = serverSeen;
    this.#next = checkedCount("afterSeq", stream.afterSeq === undefined ? -1 : stream.afterSeq, -1) + 1;
    this.#idleTimeoutMs = checkedDuration("idleTimeoutMs", stream.idleTimeoutMs ?? 30_000);
    this.#maxReconnects = checkedCount("maxReconnects", stream.maxReconnects ?? 10);
    if (stream.reconnectDelayMs !== undefined) {
      checkedDuration("reconnectDelayMs", stream.reconnectDelayMs, { finite: true });
    }
    this.#pages = new PagesAhead((afterSeq) =>
      withServer(options, (server) => server.openEvents(runId, afterSeq)),
    );
  }

  /** Number of the last event delivered, -1 before the first. */
  get position(): number {
    return this.#next - 1;
  }

  /** The last event delivered, if any. */
  get last(): EventRecord | undefined {
    return this.#last;
  }

  /** How many comments all connections have received. The server sends a comment after all events it has so far. */
  get comments(): number {
    return this.#comments;
  }

  /** Whether the last clean end is reliable; see {@link EventConnection.cleanEndIsReliable}. */
  get cleanEndIsReliable(): boolean {
    return this.#cleanEndIsReliable;
  }

  /** How many attempts in a row brought nothing. */
  get attempt(): number {
    return this.#attempt;
  }

  /**
   * Yields the events as they arrive, one array per network chunk, until the server closes the stream cleanly. A broken
   * connection is replaced by one that continues at the same event. After a full page, a new connection brings the next
   * page at once. Call it again to continue from the same position.
   *
   * @param afterFailure called after each failed attempt; returning true ends the stream
   */
  async *read(afterFailure?: () => Promise<boolean>): AsyncGenerator<EventRecord[], void, undefined> {
    try {
      for (;;) {
        const end = yield* this.#readConnection();
        if (end.kind === "clean") return;
        if (end.kind === "page") continue;
        if (await afterFailure?.()) return;
        await this.pause(end.cause);
      }
    } finally {
      this.#pages.close();
    }
  }

  /**
   * Waits before the next connection, longer after each attempt that brought nothing.
   *
   * @throws {ConnectionError} after too many such attempts in a row
   */
  async pause(cause: unknown): Promise<void> {
    if (this.#attempt >= this.#maxReconnects) throw this.#lost(cause);
    const first = this.#stream.reconnectDelayMs ?? Math.min(60_000, Math.max(100, this.#retryMs ?? 1000));
    const delay = jittered(Math.min(first * 2 ** this.#attempt, Math.max(maxDelayMs, first)));
    const retryAfter = cause instanceof HttpError ? (cause.retryAfterMs ?? 0) : 0;
    const delayMs = Math.max(delay, Math.min(retryAfter, maxRetryAfterMs));
    const { position } = this;
    this.#stream.onReconnect?.({ runId: this.#runId, position, attempt: this.#attempt, delayMs, cause });
    await wait(delayMs, this.#options.signal);
  }

  /** Counts a failed request for the run's status like a connection that brought nothing. */
  recordFailedAttempt(): void {
    this.#attempt++;
  }

  async *#readConnection(): AsyncGenerator<EventRecord[], ConnectionEnd, undefined> {
    const opened = await this.#open();
    if ("cause" in opened) {
      this.#attempt++;
      return { kind: "broken", cause: opened.cause };
    }
    const { connection } = opened;
    const openedAt = performance.now();
    const before = this.#next;
    let heardAt = openedAt;
    /** The last event delivered. Later connections request it again, to check the numbering. */
    let overlap = this.#last;
    /** How many events the current page has brought so far. */
    let inPage = 0;
    let end: ConnectionEnd | undefined;
    try {
      while (end === undefined) {
        let messages: EventMessage[] | undefined;
        try {
          messages = await this.#nextMessages(connection);
        } catch (cause) {
          this.#options.signal?.throwIfAborted();
          if (cause instanceof ProtocolError) throw withPosition(cause, this.position);
          end = { kind: "broken", cause };
          break;
        }
        if (messages === undefined) {
          // Before a proper end, the server sends the event that we already have, so this stream ended too early.
          end = overlap === undefined ? { kind: "clean" } : { kind: "broken", cause: this.#cutOff() };
          break;
        }
        const now = performance.now();
        if (now - heardAt > pageGapMs) inPage = 0;
        heardAt = now;
        inPage += messages.length;
        if (overlap !== undefined && messages.length > 0) {
          messages = this.#withoutOverlap(messages, overlap);
          overlap = undefined;
        }
        const { records, error } = this.#toRecords(messages);
        if (inPage >= pageSize && this.#readsPages && connection.hasSlowPages) {
          // A server with pages sends the first one at once and the second one half a second later at the earliest.
          if (inPage > pageSize && now - openedAt < pageGapMs) this.#readsPages = false;
          else end = { kind: "page" };
        }
        if (end?.kind === "page") {
          connection.close();
          this.#pages.expectMore(this.#next - 2);
        }
        if (records.length > 0) yield records;
        if (error !== undefined) throw error;
      }
    } finally {
      connection.close();
    }
    // Do not count the silence before an idle timeout as time that the connection was up.
    const isIdle = end.kind === "broken" && (end.cause as { networkCode?: unknown }).networkCode === idleCode;
    const upMs = (isIdle ? heardAt : performance.now()) - openedAt;
    const isGood = this.#next > before || upMs >= goodConnectionMs;
    this.#attempt = isGood ? 0 : this.#attempt + 1;
    return end;
  }

  /** Opens a connection, or returns why that failed. Throws if another attempt could not help. */
  async #open(): Promise<{ connection: EventConnection } | { cause: unknown }> {
    let wasUnrecorded = false;
    for (let before = 0; ;) {
      try {
        const connection = await this.#pages.take(this.#last === undefined ? this.#next - 1 : this.#next - 2);
        this.#everOpened = this.#serverSeen = true;
        this.#refusals = 0;
        this.#cleanEndIsReliable = connection.cleanEndIsReliable;
        return { connection };
      } catch (error) {
        this.#options.signal?.throwIfAborted();
        if (error instanceof HttpError && error.status === 404 && !this.#everOpened) {
          if (startedRecently(this.#options.baseUrl, this.#runId)) {
            wasUnrecorded = true;
            await wait(100, this.#options.signal);
            continue;
          }
          if (wasUnrecorded) throw notRecorded(error);
        }
        if (this.#serverSeen) {
          if (isOutage(error) || ++this.#refusals < believedRefusals) return { cause: error };
          throw error;
        }
        if (error instanceof ProtocolError) throw withPosition(error, this.position);
        if (!isRetryable(error, retryPolicies.read) || before >= this.#options.retries) throw error;
        await wait(retryDelay(error, before++), this.#options.signal);
      }
    }
  }

  async #nextMessages(connection: EventConnection): Promise<EventMessage[] | undefined> {
    // A silent connection has caught up with the present, so the pages opened ahead of time are not needed.
    const stopTimer = this.#pages.isEmpty ? undefined : startTimer(pageGapMs, () => this.#pages.close());
    const { comments } = connection;
    try {
      return await connection.next(this.#idleTimeoutMs);
    } finally {
      stopTimer?.();
      this.#comments += connection.comments - comments;
      this.#retryMs = connection.retryMs ?? this.#retryMs;
    }
  }

  /** Removes the event that was requested again, after checking that it is the one we have. */
  #withoutOverlap(messages: EventMessage[], overlap: EventRecord): EventMessage[] {
    const [first] = messages;
    if (first === undefined) return messages;
    // If the server numbers its events, the numbers show which ones are new.
    if (first.id !== undefined && first.id !== this.position) return messages;
    if (first.data !== overlap.data) throw new PositionError(this.position);
    return messages.slice(1);
  }

  /**
   * Converts the messages to records, up to the first one that is not a valid event, and returns the error for that
   * one.
   */
  #toRecords(messages: readonly EventMessage[]): { records: EventRecord[]; error?: ProtocolError } {
    const records: EventRecord[] = [];
    let error: ProtocolError | undefined;
    for (const { data, id } of messages) {
      if (id !== undefined && id < this.#next) continue;
      // When reading from the start, the server decides which number the first event has.
      const isFirst = this.#last === undefined && records.length === 0 && this.#stream.afterSeq === undefined;
      if (id !== undefined && isFirst) this.#next = id;
      if (id !== undefined && id > this.#next) {
        error = new PositionError(this.position, `event ${id} came after event ${this.position}`);
        break;
      }
      const event = parseEvent(data);
      if (event === undefined) {
        const start = this.#options.redact(data).slice(0, 80);
        error = new ProtocolError(`event ${this.#next} is not a JSON object: ${start}`, {
          position: this.position,
        });
        break;
      }
      records.push({ seq: this.#next++, data, event });
    }
    this.#last = records.at(-1) ?? this.#last;
    return error === undefined ? { records } : { records, error };
  }

  #cutOff(): ConnectionError {
    return this.#connectionError(`the stream from ${this.#options.baseUrl} ended too early`);
  }

  #lost(cause: unknown): ConnectionError {
    const why = cause instanceof Error ? `: ${cause.message}` : ": the server keeps closing the connection";
    return this.#connectionError(
      `lost the events of run ${this.#runId} after event ${this.position}; ` +
        `${this.#attempt} attempts in a row brought no event${why}`,
      cause,
    );
  }

  #connectionError(message: string, cause?: unknown): ConnectionError {
    return new ConnectionError(message, {
      method: "GET",
      path: `/v1/runs/${this.#runId}/events`,
      networkCode: cause instanceof ConnectionError ? cause.networkCode : undefined,
      mayHaveBeenApplied: false,
      position: this.position,
      cause,
    });
  }
}

/** Parses an event's text. Returns `undefined` if it is not a JSON object. */
export function parseEvent(data: string): SmithersEvent | undefined {
  try {
    const event: unknown = JSON.parse(data);
    return typeof event === "object" && event !== null ? (event as SmithersEvent) : undefined;
  } catch {
    return undefined;
  }
}

function withPosition(error: ProtocolError, position: number): ProtocolError {
  if (error.position !== undefined) return error;
  return new ProtocolError(error.message, { position, cause: error.cause });
}

function notRecorded(error: HttpError): HttpError {
  return new HttpError(
    { ...error, code: error.code },
    "; the server accepted the run but never recorded it, as it does if the workflow's schema rejects the input",
  );
}
