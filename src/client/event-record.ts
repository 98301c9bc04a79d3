import type { SmithersEvent } from "./smithers-event.js";

/** One event as it came, with its number in the run. */
export interface EventRecord {
  /** Counts from 0 for each run, without gaps. */
  readonly seq: number;
  /** The server's JSON text, untouched. */
  readonly data: string;
  /** The same, parsed. */
  readonly event: SmithersEvent;
}
