import type { Run, RunView } from "../../client/index.js";
import type { Session } from "../command.js";
import { approvalLabel, iterationOf, noLoops } from "./approval-label.js";
import { formatDuration, formatTime } from "./duration.js";
import { blamedNodes } from "./failed-nodes.js";

/** Something that keeps a run from continuing, as escaped text, and the command that helps. */
export interface Blocker {
  what: string;
  command?: Command;
}

export type Command = Readonly<Parameters<Session["commandLine"]>>;

// A Smithers gateway continues a run by itself after decisions, signals and timers. It never resumes an ended run.

/** A gateway that has not continued a run after this long is stuck. In ms; it checks for due timers every 15 s. */
const stuckAfterMs = { decision: 5000, timer: 30_000 };

const seeLog = "check the gateway's log";

/** Suggests what helps a failed run: a retry of its failed node, or a new run. */
export function afterFailureOnGateway({ runId, workflowKey }: Run, view: RunView, loops = noLoops): Blocker {
  const blamed = blamedNodes(view);
  const again: Pick<Blocker, "command"> =
    typeof workflowKey === "string" ? { command: ["run --watch", workflowKey] } : {};
  const [first] = blamed;
  if (first === undefined) {
    return { what: "a gateway continues no run that failed for no node; a new run starts over", ...again };
  }
  const denied = blamed.filter(({ approval }) => approval?.decision === "denied");
  if (denied.length > 0) {
    const names = denied.map((node) => approvalLabel(node, loops)).join(", ");
    return {
      what: `${names} ${denied.length === 1 ? "was" : "were"} denied; a new run asks again`,
      ...again,
    };
  }
  const iteration = iterationOf(first, loops);
  const flag = iteration === undefined ? "" : ` --iteration ${Number(iteration)}`;
  return {
    what: `${approvalLabel(first, loops)} failed; running it again continues the run`,
    command: [`retry --watch${flag}`, runId, first.nodeId],
  };
}

/** Describes decisions that the gateway has not acted on. `decidedAtMs` is the time of the newest one, if known. */
export function decidedOnGateway(names: string, decidedAtMs: number | null, now: number): Blocker {
  return decidedAtMs === null || now - decidedAtMs < stuckAfterMs.decision
    ? { what: `${names}; the gateway is about to continue the run` }
    : { what: `${names}, but the gateway could not continue the run: ${seeLog}` };
}

/** Returns a note for a user who follows a run that the gateway could not continue after a decision. */
export function stuckNote(node: string): string {
  return `${node} has been decided, but the gateway could not continue the run: ${seeLog} (a changed workflow file is one reason)`;
}

/** Describes a wait for a timer on a gateway. */
export function timerOnGateway(node: string, at: number, now: number): Blocker {
  if (at > now) return { what: `${node} waits until ${formatTime(at)}, in ${formatDuration(at - now)}` };
  return now - at < stuckAfterMs.timer
    ? { what: `${node} waited until ${formatTime(at)}; the gateway is about to continue the run` }
    : {
        what: `${node} waited until ${formatTime(at)}, but the gateway has not continued the run: ${seeLog}`,
      };
}
