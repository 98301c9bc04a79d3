/** The longest delay a timer takes; a longer one fires at once. In ms. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Calls back after `ms`, however long that is; `Infinity` means never.
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
 * Waits, and keeps the process alive meanwhile: a command must not exit during an outage. Ends at once when the signal
 * is aborted, and leaves no listener on it.
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

/** Waits for a promise, for `ms` at most; undefined if it has not settled by then. */
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

/** A random delay between half of `ms` and `ms`, so that many clients of one server do not return at the same moment. */
export function jittered(ms: number): number {
  return ms * (0.5 + Math.random() / 2);
}

/** Time as whatever waits has it; a test gives its own. */
export interface Clock {
  /** Milliseconds from any fixed moment. */
  now(): number;
  /** Rejects with the signal's reason when that is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** A random delay between half of `ms` and `ms`. */
  jitter(ms: number): number;
}

export const realClock: Clock = { now: () => performance.now(), sleep: wait, jitter: jittered };
