import type { ApprovalDecision } from "../../client/index.js";
import type { InputStream } from "../context.js";

/** An approval that a person is to decide. All texts have been made visible. */
export interface AskedApproval {
  /** The run as it was named when its following began. */
  readonly runId: string;
  readonly name: string;
  /** What the person is asked; empty if the workflow does not say. */
  readonly question: string;
  /** Aborted when no answer is needed any more. */
  readonly signal: AbortSignal;
  decide(this: void, decision: ApprovalDecision): void;
}

/** Where approvals that a person is to decide lie side by side, for a table that shows them and takes the decisions. */
export class ApprovalDesk {
  readonly input: Pick<InputStream, "question" | "listen">;
  /** In the order in which they came. */
  readonly approvals: AskedApproval[] = [];
  /** Called when an approval has come or gone; undefined while no table takes decisions. */
  onChange: (() => void) | undefined;

  constructor(input: Pick<InputStream, "question" | "listen">) {
    this.input = input;
  }

  /**
   * Lays an approval on the desk, and gives what becomes of it.
   *
   * @throws the signal's reason
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
