import { parseDuration } from "../describe/duration.js";
import { escapeControls } from "../terminal/escape-controls.js";
import { UsageError } from "../usage-error.js";

/** A moment in the past, as typed. */
export interface Since {
  text: string;
  /** Returns the moment in ms since 1970, like `now`. */
  at(now: number): number;
}

/** A date, with or without a time and a zone. */
const isoTime = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * Parses how long ago something was, such as `2h`, or when, such as `2026-01-31` or `2026-01-31T10:00Z`. A time without
 * a zone is in this machine's zone.
 */
export function parseSince(text: string): Since {
  if (isoTime.test(text)) {
    const ms = Date.parse(/\d[T ]\d/i.test(text) ? text : `${text}T00:00`);
    if (!Number.isNaN(ms)) return { text, at: () => ms };
  } else if (/^[\d.]+[a-z\d.]*$/.test(text)) {
    const ms = parseDuration(text);
    return { text, at: (now) => now - ms };
  }
  throw new UsageError(
    `'${escapeControls(text)}' is neither a duration (30m, 2h) nor a time (2026-01-31, 2026-01-31T10:00Z)`,
  );
}
