import type { ApprovalView, RunView } from "../../client/index.js";
import { UsageError, type CommandInput, type OptionSpec, type Outcome, type Session } from "../command.js";
import { followRun, type FollowOptions } from "./follow-run.js";
import { gateName } from "./gate-name.js";
import { parseCount } from "../parse-count.js";
import { isWaiting } from "../status-table.js";
import { visibleText } from "../terminal/visible-text.js";

export interface DecideOptions extends FollowOptions {
  iteration?: number;
  note?: string;
  watch?: boolean;
}

export const decideOptions: readonly OptionSpec[] = [
  {
    flags: "--iteration <n>",
    description: "which turn of the loop (default: the open one)",
    parse: parseCount(0),
  },
  { flags: "--note <text>", description: "why, for the server's records" },
  { flags: "--resume", description: "resume the run where the decision needs it" },
  { flags: "-w, --watch", description: "then follow the run to its end, resuming it where needed" },
];

/** What `approve` and `deny` do: find the gate, and decide it. */
export async function decideGate(
  decision: "approve" | "deny",
  { args: [runId = "", nodeId], options }: CommandInput<DecideOptions>,
  session: Session,
): Promise<Outcome> {
  const { client } = session;
  const { view } = await session.waitFor(
    `reading the history of run ${visibleText(runId)}`,
    client.loadRunView({ runId }),
  );
  const done = decision === "approve" ? "approved" : "denied";
  const earlier = decidedGate(view, nodeId, options.iteration);
  const gate = earlier ?? findGate(decision, view, nodeId, options.iteration, session);
  if (gate.decision !== null && gate.decision !== done) {
    throw new UsageError(`${gateName(gate)} of run ${visibleText(runId)} was ${gate.decision} already`, {
      code: "ALREADY_DECIDED",
      hint: session.commandLine("status", runId),
    });
  }
  const document =
    gate.decision === null
      ? await client[decision]({ runId, nodeId: gate.nodeId, iteration: gate.iteration, note: options.note })
      : { runId, changed: false };
  if (options.watch === true) {
    session.note(`${done} ${gateName(gate)}`);
    return followRun(session, runId, options);
  }
  // The decision is made; that the question after it fails changes nothing of that.
  const after = await client.getStatus({ runId }).catch(() => undefined);
  if (after !== undefined && isWaiting(after.status)) {
    if (options.resume === true) {
      await client.resume({ runId, workflowPath: await client.findWorkflowPath({ runId }) });
      session.note("resumed the run, which the decision needs");
    } else if (gate.decision === null || view.untakenDecisions.length > 0) {
      session.note(
        `the run has paused; it goes on after: ${session.commandLine("resume", runId, "--watch")}`,
      );
    }
  }
  return {
    kind: "document",
    document,
    text: (style) => {
      const word = gate.decision === null ? done : `${done} already:`;
      return `${decision === "approve" ? style.green(word) : style.red(word)} ${gateName(gate)} of run ${visibleText(runId)}`;
    },
  };
}

/** The gate of the node named, where it is not open but was decided before: of the newest turn, or of the one named. */
function decidedGate(
  view: RunView,
  nodeId: string | undefined,
  iteration: number | undefined,
): ApprovalView | undefined {
  if (nodeId === undefined) return undefined;
  const gates = [...view.nodes.values()]
    .filter((node) => node.nodeId === nodeId && (iteration === undefined || node.iteration === iteration))
    .flatMap(({ approval }) => approval ?? []);
  return gates.some((gate) => gate.decision === null) ? undefined : gates.at(-1);
}

/** The one open gate that the words given mean. */
function findGate(
  decision: "approve" | "deny",
  view: RunView,
  nodeId: string | undefined,
  iteration: number | undefined,
  session: Session,
): ApprovalView {
  const meant = view.openGates.filter(
    (gate) =>
      (nodeId === undefined || gate.nodeId === nodeId) &&
      (iteration === undefined || gate.iteration === iteration),
  );
  const [gate] = meant;
  if (gate !== undefined && meant.length === 1) return gate;

  const open = view.openGates.map(gateName).join(", ");
  const runId = visibleText(view.runId);
  if (gate !== undefined) {
    const same = meant.every((other) => other.nodeId === gate.nodeId);
    throw new UsageError(
      `run ${runId} has ${meant.length} open gates: ${meant.map(gateName).join(", ")}; say which`,
      {
        code: "SEVERAL_OPEN_GATES",
        hint: same
          ? session.commandLine(decision, view.runId, gate.nodeId, "--iteration", String(gate.iteration))
          : session.commandLine(decision, view.runId, gate.nodeId),
      },
    );
  }
  const others = open === "" ? "no gate of it is open" : `open are: ${open}`;
  if (nodeId === undefined && iteration === undefined) {
    throw new UsageError(`run ${runId} has no open gate; it is ${visibleText(view.status)}`, {
      code: "NO_OPEN_GATE",
      hint: session.commandLine("status", view.runId),
    });
  }
  const what = `${nodeId === undefined ? "no gate" : `node ${visibleText(nodeId)}`}${iteration === undefined ? "" : ` in turn ${iteration}`}`;
  throw new UsageError(`${what} of run ${runId} is not waiting for approval; ${others}`, {
    code: "NO_OPEN_GATE",
    hint: session.commandLine("status", view.runId),
  });
}
