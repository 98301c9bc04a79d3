/** The longest delay that `setTimeout` supports; a longer one fires at once. In ms. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Calls back after `ms`, however long; `Infinity` means never.
 *
 * @returns a function that stops the timer
 */
export function startTimer(ms: number, callback: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = (left: number) => {
    if (left === Infinity) return;
    const delay = Math.min(Math.max(0, left), maxTimerMs);
    timer = setTimeout(() => (left > delay ? start(left - delay) : callback()), delay);
  };
  start(ms);
  return () => clearTimeout(timer);
}

/**
 * Waits, and keeps the process alive in the meantime: a command must not exit during an outage. Rejects as soon as the
 * signal is aborted, and leaves no listener on it.
 *
 * @throws the signal's reason
 */
export function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const abort = () => {
      stop();
      reject(signal?.reason as Error);
    };
    const stop = startTimer(ms, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** Waits for a promise, for at most `ms`; `undefined` if it has not settled by then. */
export async function settledWithin<T>(ms: number, promise: Promise<T>): Promise<{ value: T } | undefined> {
  let stopTimer = () => {};
  const timeout = new Promise<undefined>((resolve) => {
    stopTimer = startTimer(ms, () => resolve(undefined));
  });
  try {
    return await Promise.race([promise.then((value) => ({ value })), timeout]);
  } finally {
    stopTimer();
  }
}

/**
 * Returns a random delay between half of `ms` and `ms`, so that the clients of one server do not all return at the same
 * moment.
 */
export function jittered(ms: number): number {
  return ms * (0.5 + Math.random() / 2);
}

/** The clock that waiting code uses; tests pass their own. */
export interface Clock {
  /** Milliseconds since an arbitrary fixed moment. */
  now(): number;
  /** Waits for `ms`. Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Returns a random delay between half of `ms` and `ms`. */
  jitter(ms: number): number;
}

export const realClock: Clock = { now: () => performance.now(), sleep: wait, jitter: jittered };
