/** The longest delay that `setTimeout` supports; a longer one fires at once. In ms. */
const maxStepMs = 2 ** 31 - 1;

export interface Timer {
  /** Restarts the wait. */
  restart(): void;
  stop(): void;
}

/** Calls `fire` once after `ms`, however long; `Infinity` means never. */
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
