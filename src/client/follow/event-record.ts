import type { SmithersEvent } from "../events.js";

/** One event as received, with its number in the run. */
export interface EventRecord {
  /** Counts from 0 for each run, without gaps. */
  readonly seq: number;
  /** The server's JSON text, unchanged. */
  readonly data: string;
  /** The parsed text. */
  readonly event: SmithersEvent;
}
