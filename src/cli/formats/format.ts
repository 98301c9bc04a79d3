import type { DocumentOutcome, FollowOutcome, LogOutcome } from "../command.js";
import type { Failure } from "../failure.js";
import type { Output } from "../output.js";

/** A way to show results: a document, runs that are followed, an error. */
export interface Format {
  name: string;
  /** Whether stderr carries a narrative for people. */
  isForPeople: boolean;
  document(outcome: DocumentOutcome, output: Output): Promise<void>;
  /** Shows what comes of the runs until all have ended. */
  follow(outcome: FollowOutcome, output: Output): Promise<void>;
  /** Shows what the nodes of a run print. */
  log(outcome: LogOutcome, output: Output): Promise<void>;
  failure(failure: Failure, output: Output): Promise<void>;
}
