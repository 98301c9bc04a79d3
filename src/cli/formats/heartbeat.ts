import { startTimer } from "../timer.js";

/**
 * Calls `say` after each silence of `ms`; never if that is `undefined`. `beat` ends a silence, `stop` the heartbeat.
 */
export function heartbeat(ms: number | undefined, say: () => void): { beat(): void; stop(): void } {
  if (ms === undefined) return { beat: () => {}, stop: () => {} };
  const timer = startTimer(ms, () => {
    timer.restart();
    say();
  });
  return { beat: timer.restart, stop: timer.stop };
}
