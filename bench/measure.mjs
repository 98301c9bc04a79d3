// Taking samples: jobs in turn, so that whatever else the machine does meanwhile meets all of them alike.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/** Runs all jobs in turn so many times, and gives each one's samples. */
export async function inTurn(jobs, rounds) {
  const samples = jobs.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, job] of jobs.entries()) samples[at].push(await job());
  }
  return samples;
}

export function quantile(samples, share) {
  const sorted = [...samples].sort((one, other) => one - other);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at % 1);
}

export const median = (samples) => quantile(samples, 0.5);

/** Starts a program with its stdout read as a pipe. */
export function start([command, ...args], { env = {}, cwd } = {}) {
  return spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env }, cwd });
}

/** Runs a program to its end: how long that took in ms, what it wrote, and the most memory it ever had in MiB. */
export async function run(argv, { keep = true, exitCode = 0, ...options } = {}) {
  const started = performance.now();
  const child = start(argv, options);
  let stdout = "";
  let stderr = "";
  let bytes = 0;
  child.stdout.on("data", (part) => {
    bytes += part.length;
    if (keep) stdout += part;
  });
  child.stderr.on("data", (part) => (stderr += part));
  let peakMib = 0;
  const look = setInterval(() => (peakMib = peakOf(child.pid) ?? peakMib), 10);
  const [code] = await once(child, "close");
  clearInterval(look);
  if (code !== exitCode) throw new Error(`${argv.join(" ")} ended with ${code}: ${stderr}`);
  return { ms: performance.now() - started, stdout, bytes, peakMib };
}

/** The most memory that a process has had so far, in MiB; undefined where the system does not tell. */
function peakOf(pid) {
  const [, kib] = /^VmHWM:\s+(\d+)/m.exec(fileOf(pid, "status")) ?? [];
  return kib === undefined ? undefined : Number(kib) / 1024;
}

/** The processor's time that a process has taken so far, in ms, to 10 ms. */
export function cpuOf(pid) {
  const [, user, system] = /\) \S(?: -?\d+){10} (\d+) (\d+)/.exec(fileOf(pid, "stat")) ?? [];
  return (Number(user) + Number(system)) * 10;
}

/** The first child of a process. */
export function childOf(pid) {
  return Number(fileOf(pid, `task/${pid}/children`).split(" ")[0]);
}

function fileOf(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
