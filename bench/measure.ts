import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/** Measures something once. `round` counts from 0. */
export type Job = (round: number) => Promise<number>;

const headings = ["what", "measured", "compared with", "ratio", "goal", "met"] as const;

/** The cells of a row, by heading. */
export type Row = Record<(typeof headings)[number], string>;

export interface Comparison {
  what: string;
  unit: "s" | "ms" | "MiB" | "%";
  job: Job;
  /** What to compare with, by name. A number is a figure that needs no measuring. */
  others: Readonly<Record<string, Job | number>>;
  /** The upper limit for the figure, or for its ratio to the first of `others`. */
  goal: { figure: number } | { ratio: number };
  rounds: number;
}

/** Returns a row of the table. The jobs take turns, so that other load on the machine affects all of them equally. */
export async function compare({ what, unit, job, others, goal, rounds }: Comparison): Promise<Row> {
  const limit = "figure" in goal ? `≤ ${goal.figure} ${unit}` : `≤ ${goal.ratio}×`;
  const names = Object.keys(others);
  const ours: number[] = [];
  const theirs: number[][] = names.map(() => []);
  try {
    for (let round = 0; round < rounds; round++) {
      ours.push(await job(round));
      for (const [at, other] of Object.values(others).entries()) {
        theirs[at]?.push(typeof other === "number" ? other : await other(round));
      }
    }
  } catch (error) {
    const [measured = ""] = (error as Error).message.split("\n");
    return { what, measured, "compared with": names.join("; "), ratio: "", goal: limit, met: "no" };
  }
  // A ratio per round, because the load on the machine differs between rounds.
  const ratios = theirs.map((figures) => median(ours.map((one, at) => one / (figures[at] ?? NaN))));
  const isMet = "figure" in goal ? median(ours) <= goal.figure : (ratios[0] ?? NaN) <= goal.ratio;
  return {
    what,
    measured: `${digits(median(ours))} ${unit}`,
    "compared with": names
      .map((name, at) => `${name}: ${digits(median(theirs[at] ?? []))} ${unit}`)
      .join("; "),
    ratio: ratios.map((ratio) => `${digits(ratio)}×`).join("; "),
    goal: limit,
    met: isMet ? "yes" : "no",
  };
}

export function toTable(rows: readonly Row[]): string {
  const widths = headings.map((heading) =>
    Math.max(heading.length, ...rows.map((row) => row[heading].length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [
    line(headings),
    line(rule),
    ...rows.map((row) => line(headings.map((heading) => row[heading]))),
  ].join("\n");
}

function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/** Formats a number with three significant digits. */
function digits(figure: number): string {
  return figure >= 100 ? figure.toFixed(0) : String(Number(figure.toPrecision(3)));
}

export interface Ran {
  ms: number;
  /** The first 64 KiB or so of its output. */
  stdout: string;
  lines: number;
  /** Peak memory; NaN if the system does not report it. */
  peakMib: number;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  exitCode?: number;
  /** Whether the program printed what it should. Default: always true. */
  isRight?: (ran: Ran) => boolean;
}

/** Runs a program to its end. Throws if its exit code or output is not the expected one. */
export async function run(
  [command = "", ...args]: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const { env, exitCode = 0, isRight = () => true } = options;
  const ran: Ran = { ms: NaN, stdout: "", lines: 0, peakMib: NaN };
  const started = performance.now();
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  child.stdout.on("data", (part: Buffer) => {
    if (ran.stdout.length < 1 << 16) ran.stdout += part.toString();
    for (let at = part.indexOf(10); at !== -1; at = part.indexOf(10, at + 1)) ran.lines++;
  });
  let stderr = "";
  child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
  const timer = setInterval(() => (ran.peakMib = peakOf(child.pid) ?? ran.peakMib), 10);
  const [code] = (await once(child, "close")) as [number | null];
  ran.ms = performance.now() - started;
  clearInterval(timer);
  if (code !== exitCode) throw new Error(`it exited with ${code}: ${stderr}`);
  if (!isRight(ran))
    throw new Error(`it printed ${ran.lines} lines: ${JSON.stringify(ran.stdout.slice(0, 40))}`);
  return ran;
}

function peakOf(pid: number | undefined): number | undefined {
  try {
    const [, kib] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined;
  }
}
