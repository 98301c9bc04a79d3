/** What is asked of the network. */
export interface FetchRequest {
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  /** Aborted to give the request up, also while its body is being read: the socket must close then. */
  signal: AbortSignal;
  /** A redirect must come back as the 3xx it is, never be followed. */
  redirect: "manual";
}

/** What the network answers. A `Response` is one. */
export interface FetchResponse {
  status: number;
  headers: { get(name: string): string | null };
  body: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | null;
}

/**
 * The one seam to the network. The global `fetch` fits it; so does any function of this shape. What it throws becomes a
 * `ConnectionError`, unless it is one of this library's errors already.
 */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchResponse>;

/** An iterator over the chunks of a body, in either of its two forms. */
export function chunksOf(body: NonNullable<FetchResponse["body"]>): AsyncIterator<Uint8Array, unknown> {
  // Not every runtime's ReadableStream can be iterated, but each has a reader.
  if ("getReader" in body) {
    const reader = body.getReader();
    return { next: () => reader.read() };
  }
  return body[Symbol.asyncIterator]();
}
