import { linkAbort } from "./linked-abort.js";
import { quietAfter } from "./quiet-after.js";
import { getStatus, type RunArgs } from "./requests.js";
import type { RunStatus } from "./results.js";
import { emptyRunView, reduceRunAll, type RunView } from "./run-view.js";
import { watchRecords } from "./watch-run.js";

/** Milliseconds of silence that end it although the status counts other gates than the events show. */
const quietInDoubt = 3000;

/**
 * A run as it stands now, from its whole history. The stream of a run that has not ended stays open and does not say
 * where the past ends, so the end is known by the silence after it, checked against the status.
 *
 * Throws what `getStatus` and `streamEvents` throw.
 */
export async function loadRunView(args: RunArgs): Promise<{ view: RunView; status: RunStatus }> {
  const status = await getStatus(args);
  const { controller: stop, unlink } = linkAbort(args.signal);
  const records = watchRecords({ ...args, signal: stop.signal });
  let view = emptyRunView(args.runId);
  let count = 0;
  try {
    let next = records.next();
    for (;;) {
      let result = await within(quietAfter(count), next);
      if (result === silence) {
        const now = await getStatus(args);
        const agrees = (now.summary["waiting-approval"] ?? 0) === view.openGates.length;
        result = agrees && count > 0 ? silence : await within(quietInDoubt, next);
        if (result === silence) return { view, status: now };
      }
      if (result.done) return { view, status: result.value };
      view = reduceRunAll(view, result.value.telling);
      // The run in which the work goes on is another one, whose events come next.
      if (view.continuedAs !== null) return { view, status: await getStatus(args) };
      count += result.value.length;
      next = records.next();
    }
  } finally {
    unlink();
    stop.abort();
    await records.return(status as never).catch(() => {});
  }
}

const silence = Symbol("silence");

async function within<T>(ms: number, promise: Promise<T>): Promise<T | typeof silence> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const quiet = new Promise<typeof silence>((resolve) => {
    timer = setTimeout(() => resolve(silence), ms);
  });
  try {
    return await Promise.race([promise, quiet]);
  } finally {
    clearTimeout(timer);
  }
}
