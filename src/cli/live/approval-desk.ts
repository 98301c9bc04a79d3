import type { ApprovalDecision } from "../../client/index.js";
import type { InputStream } from "../context.js";

/** An approval for a person to decide. `name` and `question` are escaped. */
export interface AskedApproval {
  /** The run's id when following it started. */
  readonly runId: string;
  readonly name: string;
  /** What the approval asks; empty if the workflow does not say. */
  readonly question: string;
  /** Aborted when no answer is needed anymore. */
  readonly signal: AbortSignal;
  decide(this: void, decision: ApprovalDecision): void;
}

/** Collects the approvals for a person to decide, for a table that shows them and takes the decisions. */
export class ApprovalDesk {
  readonly input: Pick<InputStream, "question" | "listen">;
  /** In order of arrival. */
  readonly approvals: AskedApproval[] = [];
  /** Called when an approval is added or removed; `undefined` while no table takes decisions. */
  onChange: (() => void) | undefined;

  constructor(input: Pick<InputStream, "question" | "listen">) {
    this.input = input;
  }

  /**
   * Adds an approval and resolves with its decision.
   *
   * @throws the signal's reason if it is aborted
   */
  ask(about: Omit<AskedApproval, "decide">): Promise<ApprovalDecision> {
    const { signal } = about;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const leave = () => {
        this.approvals.splice(this.approvals.indexOf(asked), 1);
        this.onChange?.();
      };
      const abort = () => {
        leave();
        reject(signal.reason as Error);
      };
      const asked: AskedApproval = {
        ...about,
        decide(decision) {
          signal.removeEventListener("abort", abort);
          leave();
          resolve(decision);
        },
      };
      signal.addEventListener("abort", abort, { once: true });
      this.approvals.push(asked);
      this.onChange?.();
    });
  }
}
