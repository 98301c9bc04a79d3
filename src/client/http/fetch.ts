/** A request to the network. */
export interface FetchRequest {
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  /** Aborted to cancel the request, even while the response's body is being read: the socket must close then. */
  signal: AbortSignal;
  /** A redirect must be returned as its 3xx response, never followed. */
  redirect: "manual";
}

/** The network's response. A `Response` fits this shape. */
export interface FetchResponse {
  status: number;
  headers: { get(name: string): string | null };
  body: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | null;
}

/**
 * The library's only access to the network. The global `fetch` fits it, and so does any function of this shape. Errors
 * that it throws become a `ConnectionError`, unless they are already one of this library's errors.
 */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchResponse>;

/** Returns an iterator over the chunks of a body, in either of its two forms. */
export function chunksOf(body: NonNullable<FetchResponse["body"]>): AsyncIterator<Uint8Array, unknown> {
  // Not every runtime's ReadableStream is iterable, but every one has a reader.
  if ("getReader" in body) {
    const reader = body.getReader();
    return { next: () => reader.read() };
  }
  return body[Symbol.asyncIterator]();
}
