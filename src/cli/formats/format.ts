import type { DocumentOutcome, FollowOutcome, LogOutcome } from "../command.js";
import type { Failure } from "../failure.js";
import type { Output } from "../output.js";

/** A way to show results: a document, followed runs, the output of nodes, or an error. */
export interface Format {
  name: string;
  /** Whether stderr carries notes for people. */
  isForPeople: boolean;
  document(outcome: DocumentOutcome, output: Output): Promise<void>;
  /** Shows the progress of the runs until all have ended. */
  follow(outcome: FollowOutcome, output: Output): Promise<void>;
  /** Shows what the nodes of a run print. */
  log(outcome: LogOutcome, output: Output): Promise<void>;
  failure(failure: Failure, output: Output): Promise<void>;
}
