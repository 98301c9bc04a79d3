import type { Run } from "../../client/index.js";
import type { DocumentOutcome, FollowOutcome } from "../command.js";
import type { Failure } from "../failure.js";
import type { OutputStream } from "../context.js";
import type { Screen } from "../terminal/screen.js";
import type { Style } from "../terminal/style.js";

/** Where a format writes. */
export interface Output {
  stdout: OutputStream;
  stderr: OutputStream;
  style: Style;
  stderrStyle: Style;
  /** The terminal that stdout and stderr share, where it can show what is drawn again and again. */
  screen: Screen | undefined;
  env: Readonly<Record<string, string | undefined>>;
}

/** A way to show results: of one document, of a run being followed, of an error. */
export interface Format {
  name: string;
  /** Whether stderr carries a narrative for people. */
  isForPeople: boolean;
  document(outcome: DocumentOutcome, output: Output): Promise<void>;
  /** Shows events as they come and returns the run's last status. */
  follow(outcome: FollowOutcome, output: Output): Promise<Run>;
  failure(failure: Failure, output: Output): Promise<void>;
}
