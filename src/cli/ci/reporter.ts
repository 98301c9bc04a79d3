import type { Run, RunView, SmithersEvent } from "../../client/index.js";
import type { LoopNodes } from "../describe/approval-label.js";
import { escapeControls } from "../terminal/escape-controls.js";
import type { FrameGroup } from "../tree/run-tree.js";
import type { Annotation } from "./ci-system.js";
import type { Environment } from "../environment.js";

/** How the following of a run ended. */
export interface FollowEnding {
  /** The run's last status; undefined if the following ended before the run. */
  status: Run | undefined;
  /** Why the following ended before the run; undefined if it did not. */
  problem: string | undefined;
  /** The exit code of the process. */
  exitCode: number;
  /** Which of the run's nodes are in a loop. */
  loops: LoopNodes;
}

/** What a report may use. */
export interface ReportContext {
  env: Environment;
  annotate(annotation: Annotation): void;
  commandLine(ours: string, ...named: string[]): string;
  /** Milliseconds since 1970 by the server's clock. */
  serverNow(): number;
  /** Reads a workflow's newest tree; undefined if the server does not give it. */
  readTree(runId: string): Promise<FrameGroup | undefined>;
}

/** Reports the end of a run that was followed, in a file or to a CI system. */
export interface Reporter {
  /** Called with the run's events as they come. */
  observe?(events: Iterable<SmithersEvent>): void;
  /** Writes the report. An error it throws is noted and does not change the exit code. */
  end(view: RunView, ending: FollowEnding): Promise<void>;
}

/** Has each reporter write its report. */
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
