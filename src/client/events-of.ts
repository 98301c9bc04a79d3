import type { EventBatch } from "./event-batch.js";
import type { SmithersEvent } from "./smithers-event.js";

/** The events alone, one by one; returns what the records' generator returns, and ends with it. */
export async function* eventsOf<Result>(
  records: AsyncGenerator<EventBatch, Result, undefined>,
): AsyncGenerator<SmithersEvent, Result, undefined> {
  try {
    for (;;) {
      const { done, value } = await records.next();
      if (done) return value;
      for (const event of value.events) yield event;
    }
  } finally {
    await records.return(undefined as never);
  }
}
