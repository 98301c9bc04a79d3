import type { ApprovalView, RunView } from "../client/index.js";
import { UsageError, type CommandInput, type Outcome, type Session } from "./command.js";
import { gateName } from "./gate-name.js";
import { parseCount } from "./parse-count.js";
import { visibleText } from "./visible-text.js";

export interface DecideOptions {
  iteration?: number;
  note?: string;
}

export const decideOptions = [
  {
    flags: "--iteration <n>",
    description: "which turn of the loop (default: the open one)",
    parse: parseCount(0),
  },
  { flags: "--note <text>", description: "why, for the server's records" },
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
  const gate = findGate(decision, view, nodeId, options.iteration, session);
  const document = await client[decision]({
    runId,
    nodeId: gate.nodeId,
    iteration: gate.iteration,
    note: options.note,
  });
  // The decision is made; that the question after it fails changes nothing of that.
  const after = await client.getStatus({ runId }).catch(() => undefined);
  if (after?.status.startsWith("waiting-")) {
    session.note(`the run has paused; it goes on after: ${session.commandLine("resume", runId, "--watch")}`);
  }
  const done = decision === "approve" ? "approved" : "denied";
  return {
    kind: "document",
    document,
    text: (style) =>
      `${decision === "approve" ? style.green(done) : style.red(done)} ${gateName(gate)} of run ${visibleText(runId)}`,
  };
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
