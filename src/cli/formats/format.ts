import type { CiSystem } from "../ci/ci-system.js";
import type { DocumentOutcome, FollowOutcome } from "../command.js";
import type { OutputStream } from "../context.js";
import type { Failure } from "../failure.js";
import type { Screen } from "../terminal/screen.js";
import type { Style } from "../terminal/style.js";

/** Where a format writes. */
export interface Output {
  stdout: OutputStream;
  stderr: OutputStream;
  style: Style;
  stderrStyle: Style;
  /** The terminal that stdout and stderr share, if it can show what is drawn again and again. */
  screen: Screen | undefined;
  ci: CiSystem;
  env: Readonly<Record<string, string | undefined>>;
}

/** A way to show results: a document, runs that are followed, an error. */
export interface Format {
  name: string;
  /** Whether stderr carries a narrative for people. */
  isForPeople: boolean;
  document(outcome: DocumentOutcome, output: Output): Promise<void>;
  /** Shows what comes of the runs until all have ended. */
  follow(outcome: FollowOutcome, output: Output): Promise<void>;
  failure(failure: Failure, output: Output): Promise<void>;
}
