/**
 * Waits, keeping the process alive (a command must not exit during an outage), and ends at once when the signal is
 * aborted, leaving no listener on it.
 *
 * @throws the signal's reason
 */
export function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const aborted = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }, ms);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

/** A delay between half of `ms` and all of it, so that many clients of one server do not come back in one moment. */
export function jittered(ms: number): number {
  return ms * (0.5 + Math.random() / 2);
}
