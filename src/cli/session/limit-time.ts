import { TimedOut } from "../failure.js";
import { startTimer } from "../timer.js";

/**
 * Returns a signal that is aborted by the context's signal or by `--timeout`. `end` removes the timer and the listener.
 */
export function limitTime(
  signal: AbortSignal,
  timeoutMs: number | undefined,
): { signal: AbortSignal; end(): void } {
  if (timeoutMs === undefined) return { signal, end: () => {} };
  const controller = new AbortController();
  const forward = () => controller.abort(signal.reason);
  if (signal.aborted) forward();
  signal.addEventListener("abort", forward, { once: true });
  const timer = startTimer(timeoutMs, () => controller.abort(new TimedOut(timeoutMs)));
  return {
    signal: controller.signal,
    end: () => {
      timer.stop();
      signal.removeEventListener("abort", forward);
    },
  };
}
