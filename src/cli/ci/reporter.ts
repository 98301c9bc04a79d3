import type { Run, RunView } from "../../client/index.js";
import { escapeControls } from "../terminal/escape-controls.js";

/** How the following of a run ended. */
export interface FollowEnding {
  /** The run's last status; undefined where the following ended before the run. */
  status: Run | undefined;
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

/** The reporters of one run that is followed. */
export class Reports {
  readonly #reporters: readonly Reporter[];
  readonly #view: () => RunView;
  #ended = false;

  constructor(reporters: readonly Reporter[], view: () => RunView) {
    this.#reporters = reporters;
    this.#view = view;
  }

  /** Has each reporter write, once; a report that cannot be written is told of and changes nothing else. */
  async end(ending: FollowEnding, note: (line: string) => void): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    for (const reporter of this.#reporters) {
      try {
        await reporter.end(this.#view(), ending);
      } catch (error) {
        note(`a report could not be written: ${escapeControls((error as Error).message)}`);
      }
    }
  }
}
