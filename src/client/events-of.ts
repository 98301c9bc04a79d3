import type { EventRecord } from "./event-stream.js";
import type { SmithersEvent } from "./smithers-event.js";

/** The events alone, one by one; returns what the records' generator returns, and ends with it. */
export async function* eventsOf<Result>(
  records: AsyncGenerator<EventRecord[], Result, undefined>,
): AsyncGenerator<SmithersEvent, Result, undefined> {
  try {
    for (;;) {
      const { done, value } = await records.next();
      if (done) return value;
      for (const record of value) yield record.event;
    }
  } finally {
    await records.return(undefined as never);
  }
}
