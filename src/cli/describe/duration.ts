import { UsageError } from "../usage-error.js";
import { escapeControls } from "../terminal/escape-controls.js";

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The longest accepted duration: a hundred years. */
const maxMs = 876_000 * 3_600_000;

/** Parses `30s`, `5m`, `1h30m`, `500ms`, or a bare number of seconds. Returns milliseconds. */
export function parseDuration(text: string): number {
  const bare = /^\d+(\.\d+)?$/.test(text) ? `${text}s` : text;
  const parts = [...bare.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? NaN), 0);
  if (parts.map(([part]) => part).join("") !== bare || !(ms > 0)) {
    throw new UsageError(`'${escapeControls(text)}' is not a duration; write it as 30s, 5m or 1h30m`);
  }
  if (ms > maxMs)
    throw new UsageError(`'${escapeControls(text)}' is too long; the longest duration is 876000h`);
  return ms;
}

/** Whether a time from the server is valid: a number in the range of a `Date`. */
export function isTime(ms: unknown): ms is number {
  return typeof ms === "number" && Math.abs(ms) <= 8.64e15;
}

/** Formats milliseconds for people: `0.4s`, `12.3s`, `4m 05s`, `2h 03m`; `-` if the value is invalid. */
export function formatDuration(ms: number): string {
  if (!isTime(ms)) return "-";
  const tenths = Math.max(0, Math.round(ms / 100));
  if (tenths < 600) return `${(tenths / 10).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h ${two(Math.floor((seconds % 3600) / 60))}m`;
}

/** Like {@link formatDuration}, but in whole seconds, for something still in progress: `12s`. */
export function formatRunningTime(ms: number): string {
  return isTime(ms) && ms < 60_000
    ? `${Math.max(0, Math.floor(ms / 1000))}s`
    : formatDuration(Math.floor(ms / 1000) * 1000);
}

/** Formats a server's time for people: ISO, in UTC, to the second; `-` if there is none. */
export function formatTime(ms: number | null | undefined): string {
  if (!isTime(ms)) return "-";
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

const ages: readonly (readonly [string, number])[] = [
  ["y", 365 * 86_400_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** Formats how long ago a server's time was: `5s ago`, `2m ago`, `3d ago`; `-` if there is none. */
export function formatAgo(ms: number | null | undefined, now: number): string {
  if (!isTime(ms)) return "-";
  // A local clock that is behind the server's must not put events in the future.
  const age = Math.max(0, now - ms);
  const [unit, size] = ages.find(([, least]) => age >= least) ?? ["s", 1000];
  return `${Math.floor(age / size)}${unit} ago`;
}
