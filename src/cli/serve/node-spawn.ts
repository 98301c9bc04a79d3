import { spawn } from "node:child_process";
import { constants, platform } from "node:os";
import { createInterface } from "node:readline";
import type { Child, SpawnOptions } from "../context.js";

/** How long to wait for a program's last output after its end if a grandchild keeps its pipes open. In ms. */
const lastWordsMs = 500;

/** Implements a context's `spawn` with a real process. */
export function nodeSpawn(command: string, args: readonly string[], options: SpawnOptions): Child {
  const { cwd, env, onLine, onMessage } = options;
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    serialization: "json",
    // Ctrl-C at a terminal then reaches only this process, which ends the program cleanly.
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
  // A caller that awaits `ended` gets the error, but does not have to.
  ended.catch(() => {});
  return {
    pid: child.pid,
    ended,
    kill: (signal) => void child.kill(signal),
  };
}
