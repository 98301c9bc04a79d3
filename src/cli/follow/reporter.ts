import {
  emptyRunView,
  reduceRunAll,
  type EventBatch,
  type RunStatus,
  type RunView,
} from "../../client/index.js";
import { visibleText } from "../terminal/visible-text.js";

/** How the following of a run ended. */
export interface FollowEnding {
  /** The run's last status; undefined where the following ended before the run. */
  status: RunStatus | undefined;
  /** Why the following ended before the run; undefined where it did not. */
  problem: string | undefined;
  /** What the process will end with. */
  exitCode: number;
}

/** Tells of a run that was followed elsewhere than on stdout: in a report, or to a CI system. */
export interface Reporter {
  /** Writes what it has to say at the end. What it throws is told, and changes nothing of the exit code. */
  end(view: RunView, ending: FollowEnding): Promise<void>;
}

/** The reporters of one run being followed, with the view of it that they share. */
export class Reports {
  readonly #reporters: readonly Reporter[];
  #view: RunView;
  #ended = false;

  constructor(runId: string, startedAtMs: number | null, reporters: readonly Reporter[]) {
    this.#reporters = reporters;
    this.#view = { ...emptyRunView(runId), startedAtMs };
  }

  /** The records as they come, looked at on the way where somebody will report of them. */
  watch<Result>(
    records: AsyncGenerator<EventBatch, Result, undefined>,
  ): AsyncGenerator<EventBatch, Result, undefined> {
    return this.#reporters.length === 0 ? records : this.#watch(records);
  }

  async *#watch<Result>(
    records: AsyncGenerator<EventBatch, Result, undefined>,
  ): AsyncGenerator<EventBatch, Result, undefined> {
    for (;;) {
      const { done, value } = await records.next();
      if (done) return value;
      this.#view = reduceRunAll(this.#view, value.telling);
      yield value;
    }
  }

  /** Has each reporter write, once; a report that cannot be written is told of and changes nothing else. */
  async end(ending: FollowEnding, note: (line: string) => void): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    for (const reporter of this.#reporters) {
      try {
        await reporter.end(this.#view, ending);
      } catch (error) {
        note(`a report could not be written: ${visibleText((error as Error).message)}`);
      }
    }
  }
}
