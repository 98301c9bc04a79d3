import type { Run, RunView, SmithersEvent } from "../../client/index.js";
import type { LoopNodes } from "../describe/approval-label.js";
import { escapeControls } from "../terminal/escape-controls.js";
import type { FrameGroup } from "../tree/run-tree.js";
import type { Annotation } from "./ci-system.js";
import type { Environment } from "../environment.js";

/** How following a run ended. */
export interface FollowEnding {
  /** The run's last status; `undefined` if following ended before the run. */
  status: Run | undefined;
  /** Why following ended before the run; `undefined` if it did not. */
  problem: string | undefined;
  /** The exit code of the process. */
  exitCode: number;
  /** Which of the run's nodes are in a loop. */
  loops: LoopNodes;
}

/** What a reporter may use. */
export interface ReportContext {
  env: Environment;
  annotate(annotation: Annotation): void;
  commandLine(ours: string, ...named: string[]): string;
  /** Milliseconds since 1970 by the server's clock. */
  serverNow(): number;
  /** Reads a workflow's newest tree; `undefined` if the server does not provide one. */
  readTree(runId: string): Promise<FrameGroup | undefined>;
}

/** Reports the end of a followed run, in a file or to a CI system. */
export interface Reporter {
  /** Called with the run's events as they arrive. */
  observe?(events: Iterable<SmithersEvent>): void;
  /** Writes the report. If it throws, the error is noted and the exit code does not change. */
  end(view: RunView, ending: FollowEnding): Promise<void>;
}

/** Writes the report of each reporter. A failed report is noted and does not stop the others. */
export async function writeReports(
  reporters: readonly Reporter[],
  view: RunView,
  ending: FollowEnding,
  note: (line: string) => void,
): Promise<void> {
  for (const reporter of reporters) {
    try {
      await reporter.end(view, ending);
    } catch (error) {
      note(`a report could not be written: ${escapeControls((error as Error).message)}`);
    }
  }
}
