import { checkedCount, checkedDuration, type Connection } from "./connection.js";
import { ConnectionError } from "./errors/connection-error.js";
import { HttpError } from "./errors/http-error.js";
import { PositionError } from "./errors/position-error.js";
import { ProtocolError } from "./errors/protocol-error.js";
import { EventBatch } from "./event-batch.js";
import { EventDecoder, OversizedEvent, type EventMessage } from "./event-decoder.js";
import { messageLimit, openExchange, type OpenResponse } from "./exchange.js";
import { chunksOf } from "./fetch.js";
import { sendWhereItIs } from "./other-server.js";
import type { EventRecord } from "./event-record.js";
import { OutputBlocks } from "./output-blocks.js";
import { OutputRecord } from "./output-record.js";
import { isRetryable, retryDelay, retryPolicies } from "./retry.js";
import { routes } from "./routes.js";
import { mayBeUnrecorded } from "./started-runs.js";
import type { SmithersEvent } from "./smithers-event.js";
import { jittered, wait } from "./wait.js";

/** Told before each wait for the next connection. */
export interface Reconnect {
  runId: string;
  /** Number of the last event delivered, -1 before the first. */
  position: number;
  /** How many connections in a row have brought nothing, this one included; 0 after one that did. */
  fruitless: number;
  /** Milliseconds until the next attempt. */
  delayMs: number;
  /** Why the last connection ended; undefined where the server closed it in good order. */
  cause: unknown;
}

/** How a stream is followed; all optional. */
export interface StreamOptions {
  /** Start after the event of this number. Default: -1, the run's first event. */
  afterSeq?: number | undefined;
  /** Milliseconds without a byte after which a connection counts as dead. Default: 30,000 (the server sends one each 10 s). */
  idleTimeoutMs?: number | undefined;
  /** Milliseconds before the first reconnect, doubled each time that nothing came. Default: the server's `retry:`, or 1,000. */
  reconnectDelayMs?: number | undefined;
  /** How many connections in a row may bring nothing before giving up. Default: 10. */
  maxReconnects?: number | undefined;
  /** Called before each wait for the next connection. */
  onReconnect?: ((reconnect: Reconnect) => void) | undefined;
}

/** What the reader of a stream knows and wants. */
interface EventStreamNeeds {
  /** Whether this server has streamed already, so that an outage is waited out from the start. Default: false. */
  serverSeen?: boolean;
}

/** A connection that stayed up this long counts as a good one, in ms, though it brought nothing. */
const goodConnectionMs = 5000;
const longestDelayMs = 30_000;
const idleCode = "IDLE";

/** A run's numbered events, over as many connections as it takes. */
export class EventStream {
  readonly #connection: Connection;
  readonly #runId: string;
  /** For errors: where the stream is, without its position. */
  readonly #path: string;
  readonly #options: StreamOptions;
  readonly #idleTimeoutMs: number;
  readonly #maxReconnects: number;
  /** The number of the next event: the server numbers from 0 without gaps and does not send the number. */
  #next: number;
  /** The text of event `next - 1`, to check after a reconnect that the numbering still stands. */
  #last: string | undefined;
  #fruitless = 0;
  #retryMs: number | undefined;
  #everOpened = false;
  #serverSeen: boolean;
  #endIsProven = true;

  /** @throws {ArgumentError} */
  constructor(
    connection: Connection,
    runId: string,
    options: StreamOptions,
    { serverSeen = false }: EventStreamNeeds = {},
  ) {
    this.#connection = connection;
    this.#serverSeen = serverSeen;
    this.#runId = runId;
    this.#options = options;
    this.#next = checkedCount("afterSeq", options.afterSeq === undefined ? -1 : options.afterSeq, -1) + 1;
    this.#idleTimeoutMs = checkedDuration("idleTimeoutMs", options.idleTimeoutMs ?? 30_000);
    this.#maxReconnects = checkedCount("maxReconnects", options.maxReconnects ?? 10);
    if (options.reconnectDelayMs !== undefined) checkedDuration("reconnectDelayMs", options.reconnectDelayMs);
    this.#path = routes.events(runId, -1).path;
  }

  /** Number of the last event delivered, -1 before the first. */
  get position(): number {
    return this.#next - 1;
  }

  /**
   * Whether the last end in good order surely was one. Where the server says that it closes the connection after the
   * answer, Node's `fetch` gives a connection that broke as a complete answer.
   */
  get endIsProven(): boolean {
    return this.#endIsProven;
  }

  /**
   * Yields the events as they come, those of one network chunk at a time, until the server closes the stream in good
   * order. A connection that broke is replaced by one that goes on at the same event. Can be called again then, to go
   * on from where it was.
   */
  async *read(): AsyncGenerator<EventBatch, void, undefined> {
    for (;;) {
      const connection = yield* this.#readOnce();
      if (connection.closed) return;
      await this.pause(connection.cause);
    }
  }

  /**
   * Waits before the next connection, longer each time that nothing came.
   *
   * @throws {ConnectionError} where nothing came too often in a row
   */
  async pause(cause: unknown): Promise<void> {
    if (this.#fruitless >= this.#maxReconnects) throw this.#lost(cause);
    const asked = this.#options.reconnectDelayMs ?? Math.min(60_000, Math.max(100, this.#retryMs ?? 1000));
    const doubled = asked * 2 ** this.#fruitless;
    const delay = jittered(Math.min(doubled, Math.max(longestDelayMs, asked)));
    const retryAfter = cause instanceof HttpError ? (cause.retryAfterMs ?? 0) : 0;
    const delayMs = Math.max(delay, Math.min(retryAfter, 60_000));
    this.#options.onReconnect?.({
      runId: this.#runId,
      position: this.position,
      fruitless: this.#fruitless,
      delayMs,
      cause,
    });
    await wait(delayMs, this.#connection.signal);
  }

  /** Counts a question about the run that brought nothing, as a connection that did. */
  countFruitless(): void {
    this.#fruitless++;
  }

  /** One connection: yields what it brings, and says how it ended. */
  async *#readOnce(): AsyncGenerator<EventBatch, { closed: boolean; cause?: unknown }, undefined> {
    const opened = await this.#open();
    if ("cause" in opened) {
      this.#fruitless++;
      return { closed: false, cause: opened.cause };
    }
    const openedAt = performance.now();
    let heardAt = openedAt;
    const before = this.#next;
    const decoder = new EventDecoder();
    // After a reconnect the server is asked for one event more than needed, the last one delivered.
    let expected = this.#last;
    let ended: { closed: boolean; cause?: unknown };
    try {
      for (;;) {
        let chunk: Uint8Array | undefined;
        try {
          chunk = await this.#nextChunk(opened);
        } catch (error) {
          this.#connection.signal?.throwIfAborted();
          ended = { closed: false, cause: error };
          break;
        }
        if (chunk === undefined) {
          // An end in the middle of an event is a cut, however orderly the connection was closed; so is one before the
          // event that a server which still has our run must have sent.
          const isCut = decoder.isMidEvent || expected !== undefined;
          ended = isCut ? { closed: false, cause: this.#cutOff() } : { closed: true };
          break;
        }
        heardAt = performance.now();
        let messages: readonly (EventMessage | OutputBlocks)[];
        if (expected === undefined) {
          messages = this.#decode(() => decoder.push(chunk, true));
        } else {
          const came = this.#decode(() => decoder.push(chunk));
          messages = this.#withoutRepeated(came, expected);
          if (came.length > 0) expected = undefined;
        }
        this.#retryMs = decoder.retryMs ?? this.#retryMs;
        const { batch, error } = this.#batch(messages);
        if (batch.length > 0) yield batch;
        if (error !== undefined) throw error;
      }
    } finally {
      opened.close();
    }
    // The silence of a dead connection is not a time for which it was up.
    const upUntil = isIdleTimeout(ended.cause) ? heardAt : performance.now();
    const fruitful = this.#next > before || upUntil - openedAt >= goodConnectionMs;
    this.#fruitless = fruitful ? 0 : this.#fruitless + 1;
    return ended;
  }

  /** Opens a connection, or says why it could not be; throws what no further attempt would change. */
  async #open(): Promise<
    (OpenResponse & { chunks: AsyncIterator<Uint8Array, unknown> | undefined }) | { cause: unknown }
  > {
    let wasUnrecorded = false;
    for (let before = 0; ;) {
      // Asking for one event too many shows whether the numbering still stands; without one there is nothing to compare.
      const afterSeq = this.#last === undefined ? this.#next - 1 : this.#next - 2;
      const route = routes.events(this.#runId, afterSeq);
      try {
        const open = await sendWhereItIs(this.#connection, route, (found) =>
          openExchange(this.#connection, found, "text/event-stream"),
        );
        const type = open.response.headers.get("content-type") ?? "no content type";
        if (open.response.status !== 200 || !/^text\/event-stream\b/i.test(type)) {
          open.close();
          throw new ProtocolError(
            `the event stream opened with ${open.response.status} and ${this.#connection.redact(type)} instead of 200 and text/event-stream ` +
              `(GET ${route.path}); is this a Smithers server?`,
            { position: this.position },
          );
        }
        this.#everOpened = this.#serverSeen = true;
        this.#endIsProven = !/\bclose\b/i.test(open.response.headers.get("connection") ?? "");
        const { body } = open.response;
        return { ...open, chunks: body === null ? undefined : chunksOf(body) };
      } catch (error) {
        this.#connection.signal?.throwIfAborted();
        if (error instanceof HttpError && error.status === 404 && !this.#everOpened) {
          if (mayBeUnrecorded(this.#connection.baseUrl, this.#runId)) {
            wasUnrecorded = true;
            await wait(100, this.#connection.signal);
            continue;
          }
          if (wasUnrecorded) throw notRecorded(error);
        }
        if (this.#serverSeen) {
          if (isOutage(error)) return { cause: error };
          throw error;
        }
        if (!isRetryable(error, retryPolicies.read) || before >= this.#connection.retries) throw error;
        await wait(retryDelay(error, before++), this.#connection.signal);
      }
    }
  }

  async #nextChunk(
    open: OpenResponse & { chunks: AsyncIterator<Uint8Array, unknown> | undefined },
  ): Promise<Uint8Array | undefined> {
    const { chunks } = open;
    if (chunks === undefined) return undefined;
    // The clock runs only while a read is pending, so a consumer that takes its time does not trip it.
    const { done, value } = await open.step(
      () => chunks.next(),
      this.#idleTimeoutMs,
      () =>
        new ConnectionError(
          `nothing came from ${this.#connection.baseUrl} for ${this.#idleTimeoutMs / 1000} s`,
          {
            method: "GET",
            path: this.#path,
            networkCode: idleCode,
            mayHaveBeenApplied: false,
            position: this.position,
          },
        ),
    );
    return done ? undefined : value;
  }

  #decode<Messages>(push: () => Messages): Messages {
    try {
      return push();
    } catch (error) {
      if (!(error instanceof OversizedEvent)) throw error;
      throw new ProtocolError(`the event after number ${this.position} is over ${messageLimit} bytes`, {
        position: this.position,
      });
    }
  }

  /** Takes the event off that was asked for once too many, after checking that it is the one we had. */
  #withoutRepeated(messages: EventMessage[], expected: string): EventMessage[] {
    const [first] = messages;
    if (first === undefined) return messages;
    // A server that numbers its events says itself which ones are new.
    if (first.id !== undefined && first.id !== this.position) {
      if (first.id > this.#next) throw new PositionError(this.position);
      return messages;
    }
    if (first.data !== expected) throw new PositionError(this.position);
    return messages.slice(1);
  }

  /** The messages as events, up to the first that is none. */
  #batch(messages: readonly (EventMessage | OutputBlocks)[]): { batch: EventBatch; error?: ProtocolError } {
    const parts: (EventRecord | OutputBlocks)[] = [];
    let next = this.#next;
    let invalid: { seq: number; data: string } | undefined;
    for (const message of messages) {
      if (message instanceof OutputBlocks) {
        message.seq = next;
        parts.push(message);
        next += message.count;
        continue;
      }
      const { data, id } = message;
      if (id !== undefined && id < next) continue;
      const seq = id ?? next;
      const record = OutputRecord.from(seq, data) ?? parsedRecord(seq, data);
      if (record === undefined) {
        invalid = { seq, data };
        break;
      }
      parts.push(record);
      next = seq + 1;
    }
    this.#next = next;
    const last = parts.at(-1);
    this.#last = (last instanceof OutputBlocks ? last.last : last)?.data ?? this.#last;
    const batch = new EventBatch(parts);
    if (invalid === undefined) return { batch };
    const said = this.#connection.redact(invalid.data).slice(0, 80);
    const error = new ProtocolError(`event ${invalid.seq} is not a JSON object: ${said}`, {
      position: this.position,
    });
    return { batch, error };
  }

  #cutOff(): ConnectionError {
    return new ConnectionError(
      `the connection to ${this.#connection.baseUrl} ended before an event was complete`,
      {
        method: "GET",
        path: this.#path,
        mayHaveBeenApplied: false,
        position: this.position,
      },
    );
  }

  #lost(cause: unknown): ConnectionError {
    const why = cause instanceof Error ? `: ${cause.message}` : ": the server closes it again and again";
    return new ConnectionError(
      `lost the events of run ${this.#runId} after number ${this.position}; ` +
        `${this.#fruitless} attempts in a row brought nothing${why}`,
      {
        method: "GET",
        path: this.#path,
        networkCode: cause instanceof ConnectionError ? cause.networkCode : undefined,
        mayHaveBeenApplied: false,
        position: this.position,
        cause,
      },
    );
  }
}

/** An event with its text parsed; undefined where that is no JSON object. */
function parsedRecord(seq: number, data: string): EventRecord | undefined {
  try {
    const event: unknown = JSON.parse(data);
    return typeof event === "object" && event !== null
      ? { seq, data, event: event as SmithersEvent }
      : undefined;
  } catch {
    return undefined;
  }
}

function notRecorded(error: HttpError): HttpError {
  return new HttpError(
    error,
    "; the server took the run but never recorded it, as it does with input that the workflow's schema rejects",
  );
}

function isIdleTimeout(error: unknown): boolean {
  return error instanceof ConnectionError && error.networkCode === idleCode;
}

/**
 * Whether waiting and asking again can mend it, with a server that has been seen working: a page from a proxy in place
 * of its answer is an outage like any other then.
 */
export function isOutage(error: unknown): boolean {
  return error instanceof ProtocolError || isRetryable(error, retryPolicies.read);
}
