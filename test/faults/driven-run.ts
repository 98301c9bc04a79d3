import type { ApprovalView, ApprovalDecision } from "../../src/client/index.js";
import { sleep } from "./sleep.js";
import type { ProtocolServer, RecordedDecision } from "./protocol-server.js";
import { Random } from "./random.js";
import { terminalStatuses, type ScriptedApproval, type ScriptStep, type ServedRun } from "./served-run.js";

/**
 * A generated run with approvals, driven by the library's rule while another person decides some of them on the server.
 * What either does about an approval depends only on the seed and the approval.
 */
export class DrivenRun {
  readonly run: ServedRun;
  readonly #server: ProtocolServer;
  readonly #seed: number;
  readonly #random: Random;
  /** When the rule last answered about an approval, by `performance.now()`. */
  readonly #answeredAt = new Map<string, number>();

  constructor(server: ProtocolServer, random: Random) {
    this.#server = server;
    this.#seed = random.int(0, 2 ** 31);
    this.#random = random.fork();
    const { steps, decidedSteps } = makeScript(random);
    const end = random.pick(["finished", "finished", "failed"] as const);
    this.run = server.addRun(`driven-${random.int(0, 1e9)}`, { script: steps, end });
    const isAtRest = random.chance(0.7);
    const pace = random.fork();
    const paced = async () => {
      if (pace.chance(0.2)) await sleep(pace.int(0, 8));
    };
    // Most runs are at rest, with some approvals decided long ago; the others are executing.
    if (!isAtRest) this.run.pace = paced;
    this.run.resume();
    for (let step = 0; isAtRest && step < decidedSteps; step++) this.#decidePast(random);
    this.run.pace = paced;
  }

  /** The rule: what the library should do about an approval. */
  async decide({ nodeId, iteration }: ApprovalView): Promise<ApprovalDecision> {
    const { rule, ruleDelayMs } = this.#choices(nodeId, iteration);
    if (ruleDelayMs > 0) await sleep(ruleDelayMs);
    this.#answeredAt.set(`${nodeId}::${iteration}`, performance.now());
    return rule;
  }

  /** Plays the other person until the run has ended. */
  async decideElsewhere(signal: AbortSignal): Promise<void> {
    const opened = new Map<string, number>();
    while (!signal.aborted && !terminalStatuses.has(this.run.status)) {
      await sleep(this.#random.int(1, 25));
      for (const { nodeId, iteration } of this.run.openApprovals) {
        const key = `${nodeId}::${iteration}`;
        const choices = this.#choices(nodeId, iteration);
        const since = opened.get(key) ?? performance.now();
        opened.set(key, since);
        if (!choices.isDecidedElsewhere || performance.now() - since < choices.elsewhereAfterMs) continue;
        this.#server.decide(choices.elsewhere, this.run.runId, nodeId, iteration, "other");
        // Many forget that a paused run has to be resumed.
        if (choices.isResumedElsewhere && this.run.status === "waiting-approval") {
          this.#server.resume(this.run.runId, "other");
        }
      }
    }
  }

  /** Describes the state on the server, for a run that did not end. */
  describe(): string {
    const { status, isExecuting, openApprovals, unapplied } = this.run;
    const open = openApprovals.map(({ nodeId, iteration }) => {
      const { rule, isDecidedElsewhere } = this.#choices(nodeId, iteration);
      return `${nodeId}::${iteration} (rule: ${rule}${isDecidedElsewhere ? ", other" : ""})`;
    });
    return `${status}${isExecuting ? ", executing" : ""}; open: ${open.join(", ") || "none"}; ${unapplied} not applied`;
  }

  /**
   * Returns decisions that the library should not have made: the approval was not open, or the library had decided it.
   * A decision is `raced` if someone else's came between the library's last check and its own, where it could not be
   * seen.
   */
  wrongDecisions(): { wrong: string[]; raced: number } {
    const unfounded = this.#server.decisions.filter(({ by, before }) => by === "client" && before !== "open");
    const wrong = unfounded.filter((decision) => !this.#isRaced(decision));
    return {
      wrong: wrong.map(
        ({ decision, nodeId, iteration, before = "never asked for" }) =>
          `${decision} of ${nodeId}::${iteration}, which was: ${before}`,
      ),
      raced: unfounded.length - wrong.length,
    };
  }

  #isRaced({ nodeId, iteration, atMs }: RecordedDecision): boolean {
    const earlier = this.#server.decisions.filter(
      (other) => other.nodeId === nodeId && other.iteration === iteration && other.atMs < atMs,
    );
    const last = earlier.at(-1);
    if (last === undefined || earlier.some(({ by }) => by === "client")) return false;
    const looks = this.#server.calls.filter(
      ({ call, atMs: at }) => (call === "getStatus" || call === "listApprovals") && at < atMs,
    );
    const answeredAt = this.#answeredAt.get(`${nodeId}::${iteration}`) ?? Infinity;
    const lastLookAt = looks.at(-1)?.atMs ?? -Infinity;
    return lastLookAt > answeredAt && lastLookAt < last.atMs;
  }

  #decidePast(random: Random): void {
    for (const { nodeId, iteration } of this.run.openApprovals) {
      const decision = random.chance(0.6) ? "approve" : "deny";
      this.#server.decide(decision, this.run.runId, nodeId, iteration, "past");
    }
    // A rule must not undo a denial that nobody has resumed yet.
    if (random.chance(0.7)) this.#server.resume(this.run.runId, "past");
  }

  #choices(nodeId: string, iteration: number) {
    const random = new Random(this.#seed ^ hash(`${nodeId}::${iteration}`));
    const rule = random.pick(["approve", "approve", "approve", "deny", "wait"] as const);
    return {
      rule,
      ruleDelayMs: random.chance(0.5) ? random.int(1, 80) : 0,
      isDecidedElsewhere: random.chance(0.35) || rule === "wait",
      elsewhereAfterMs: random.int(0, 150),
      elsewhere: random.pick(["approve", "deny"] as const),
      isResumedElsewhere: random.chance(0.6),
    };
  }
}

/** Makes single approvals, loops, and pairs, between tasks. How many steps have already been decided is random. */
function makeScript(random: Random): { steps: ScriptStep[]; decidedSteps: number } {
  const before = random.chance(0.25) ? random.int(200, 900) : random.int(0, 80);
  const steps: ScriptStep[] = [{ tasks: before }];
  const ask = (nodeId: string, iteration = 0): ScriptedApproval => ({
    nodeId,
    iteration,
    ifDenied: random.chance(0.75) ? "skip" : "fail",
  });
  let asked = 0;
  for (let part = random.int(1, 3); part > 0; part--) {
    const nodeId = `approval-${asked++}`;
    const meanwhile = random.chance(0.3) ? random.int(1, 15) : 0;
    const shape = random.pick(["single", "loop", "pair"]);
    if (shape === "single") steps.push({ approvals: [ask(nodeId)], meanwhile });
    else if (shape === "pair") {
      steps.push({ approvals: [ask(nodeId), ask(`approval-${asked++}`)], meanwhile });
    } else {
      const turns = random.int(2, 3);
      for (let turn = 0; turn < turns; turn++) steps.push({ approvals: [ask(nodeId, turn)], meanwhile });
    }
    if (random.chance(0.5)) steps.push({ tasks: random.int(1, 30) });
  }
  return { steps, decidedSteps: random.chance(0.5) ? random.int(1, 3) : 0 };
}

function hash(text: string): number {
  let sum = 7;
  for (const character of text) sum = (Math.imul(sum, 31) + character.charCodeAt(0)) | 0;
  return sum;
}
