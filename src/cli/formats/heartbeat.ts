import { startTimer } from "../timer.js";

/** Says something after each silence of `ms`; with none, never. `beat` ends a silence, `stop` ends it all. */
export function heartbeat(ms: number | undefined, say: () => void): { beat(): void; stop(): void } {
  if (ms === undefined) return { beat: () => {}, stop: () => {} };
  const timer = startTimer(ms, () => {
    timer.restart();
    say();
  });
  return { beat: timer.restart, stop: timer.stop };
}
