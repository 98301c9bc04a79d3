/** A controller of our own that a caller's signal aborts too, with its reason. */
export interface LinkedAbort {
  controller: AbortController;
  /** Leaves no listener on the caller's signal. */
  unlink(this: void): void;
}

export function linkAbort(signal: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  const forward = () => controller.abort(signal?.reason);
  if (signal?.aborted) forward();
  signal?.addEventListener("abort", forward, { once: true });
  return { controller, unlink: () => signal?.removeEventListener("abort", forward) };
}
