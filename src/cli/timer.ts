/** `setTimeout` fires at once after anything longer, in ms. */
const maxStepMs = 2 ** 31 - 1;

export interface Timer {
  /** Begins the wait anew. */
  restart(): void;
  stop(): void;
}

/** Calls `fire` once, after `ms`, however long that is; with `Infinity`, never. */
export function startTimer(ms: number, fire: () => void): Timer {
  let handle: ReturnType<typeof setTimeout> | undefined;
  const wait = (leftMs: number): void => {
    const stepMs = Math.min(leftMs, maxStepMs);
    handle = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : fire()), stepMs);
  };
  wait(ms);
  return {
    restart() {
      clearTimeout(handle);
      wait(ms);
    },
    stop: () => clearTimeout(handle),
  };
}
