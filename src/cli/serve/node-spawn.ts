import { spawn } from "node:child_process";
import { constants, platform } from "node:os";
import { createInterface } from "node:readline";
import type { Child, SpawnOptions } from "../context.js";

/** How long a program's last words may take after its end, where a grandchild holds on to its pipes. */
const lastWordsMs = 500;

/** The real `spawn` of a context. */
export function nodeSpawn(command: string, args: readonly string[], options: SpawnOptions): Child {
  const { cwd, env, onLine, onMessage } = options;
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    serialization: "json",
    // Ctrl-C at a terminal then reaches us alone, and it is ours to end the program in order.
    detached: platform() !== "win32",
    windowsHide: true,
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on("line", onLine);
  }
  child.on("message", onMessage);
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const settle = () => {
        clearTimeout(timer);
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
      };
      const timer = setTimeout(settle, lastWordsMs);
      child.once("close", settle);
    });
  });
  // What waits for the exit sees the error; nothing has to wait.
  ended.catch(() => {});
  return {
    pid: child.pid,
    ended,
    kill: (signal) => void child.kill(signal),
  };
}
