import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findInstallation } from "../src/cli/serve/find-installation.js";
import type { SmithersEvent } from "../src/client/index.js";
import { ownSource } from "./real-server.js";

export type Decision = "approved" | "denied";

export interface LongHistory {
  runId: string;
  /** The number of events, at least 20, or the events themselves, numbered by their position. */
  events: number | readonly SmithersEvent[];
  /** The run's status. A run that waits for an approval has a node `ship` after it that has not been reached. */
  status: "running" | "waiting-approval" | "finished" | "failed";
  /**
   * A node that needs an approval. As on 0.5.0, it is announced with the first frame, long before the run reaches it.
   * Default: `gate` for a run that waits for an approval, otherwise none.
   */
  gate?: string;
  /** The decision, near the end. Default: none for a waiting run, otherwise approved. */
  decision?: Decision;
}

/** The input of the writer. */
export interface WrittenHistory {
  runId: string;
  status: string;
  events: readonly SmithersEvent[];
  /** Nodes of the tree that no event names. */
  unreached: readonly string[];
}

const writer = fileURLToPath(new URL("history-writer.js", import.meta.url));
const startedAtMs = 1_790_000_000_000;

/** The output of nodes: several scripts, whose characters take one to four bytes. */
const texts = [
  "compiled 214 modules in 1.8 s\n",
  "résumé déjà vérifié, 3 avertissements\n",
  "進捗 50 %: テストを実行しています\n",
  "проверка завершена без ошибок\n",
  "🚀 deploying to eu-west-1 … ✓\n",
  '{"level":"info","msg":"done","path":"/srv/app"}\n',
];
const workers = ["plan", "code", "review", "test"];
const outputsInTurn = 48;
/** The number of events in an iteration without output: a frame, and each worker's start and end. */
const minTurn = 1 + 2 * workers.length;

/** An event without the fields that all events have. */
type Draft = { type: string; [field: string]: unknown };

const frame: Draft = { type: "FrameCommitted" };
const attempt = (type: string, nodeId: string, iteration = 0): Draft => ({
  type,
  nodeId,
  iteration,
  attempt: 1,
});
const approvalEvent = (type: string, nodeId: string): Draft => ({ type, nodeId, iteration: 0 });

/** Makes a run of a loop whose iterations run several nodes at once; nearly all of its events are output. */
export function makeEvents({ runId, events, status, gate, decision }: LongHistory): SmithersEvent[] {
  if (typeof events !== "number") return [...events];
  if (events < 20) throw new RangeError(`a history takes at least 20 events, not ${events}`);
  const waits = status === "waiting-approval";
  const approval = gate ?? (waits ? "gate" : undefined);
  const announcement =
    approval === undefined
      ? []
      : ["ApprovalRequested", "NodeWaitingApproval"].map((type) => approvalEvent(type, approval));
  const end = lastEvents(status, approval, decision ?? (waits ? undefined : "approved"));
  const left = events - 1 - announcement.length - end.length;
  const turns = Math.max(1, Math.floor(left / (minTurn + outputsInTurn)));
  const outputsInLast = left - minTurn * turns - outputsInTurn * (turns - 1);
  const drafts: Draft[] = [
    { type: "RunStarted" },
    ...Array.from({ length: turns }, (_, iteration) =>
      turnEvents(iteration, iteration < turns - 1 ? outputsInTurn : outputsInLast),
    ).flat(),
    ...end,
  ];
  drafts.splice(2, 0, ...announcement);
  let frameNo = 0;
  return drafts.map(({ type, ...fields }, seq) => {
    const numbered = type === frame.type ? { frameNo: ++frameNo, xmlHash: "0".repeat(64) } : {};
    return { type, runId, ...fields, ...numbered, timestampMs: startedAtMs + 20 * seq } as SmithersEvent;
  });
}

function turnEvents(iteration: number, outputs: number): Draft[] {
  return [
    frame,
    ...workers.map((nodeId) => attempt("NodeStarted", nodeId, iteration)),
    ...Array.from({ length: outputs }, (_, at) => ({
      ...attempt("NodeOutput", workers[at % workers.length] ?? "", iteration),
      text: `${iteration}.${at} ${texts[at % texts.length]}`,
      stream: "stdout",
    })),
    ...workers.map((nodeId) => attempt("NodeFinished", nodeId, iteration)),
  ];
}

function lastEvents(
  status: LongHistory["status"],
  approval: string | undefined,
  decision: Decision | undefined,
): Draft[] {
  const work = (nodeId: string) => [attempt("NodeStarted", nodeId), attempt("NodeFinished", nodeId)];
  const decisionEvent =
    approval === undefined || decision === undefined
      ? []
      : [approvalEvent(decision === "approved" ? "ApprovalGranted" : "ApprovalDenied", approval)];
  switch (status) {
    case "waiting-approval":
      return [frame, { type: "RunStatusChanged", status }, ...decisionEvent];
    case "finished":
      return [
        frame,
        ...decisionEvent,
        ...work(approval ?? "check"),
        ...work("ship"),
        { type: "RunFinished" },
      ];
    case "failed":
      return [frame, ...decisionEvent, { type: "RunFailed", error: "Task failed" }];
    case "running":
      return [frame, ...decisionEvent];
  }
}

/**
 * Quickly writes runs to the database of a 0.5.0 server as its engine would have left them: the run, its events, nodes,
 * approvals, and frames agree with each other. The server must have been started on that file before.
 */
export async function makeHistory(dbFile: string, ...histories: LongHistory[]): Promise<void> {
  const { bun } = findInstallation([ownSource.installation]);
  if (bun === undefined) throw new Error("bun has to be installed");
  const written = histories.map((history): WrittenHistory => {
    const { runId, status } = history;
    const unreached = status === "waiting-approval" ? ["ship"] : [];
    return { runId, status, events: makeEvents(history), unreached };
  });
  const writing = promisify(execFile)(bun, [writer, dbFile]);
  writing.child.stdin?.end(JSON.stringify(written));
  await writing;
}
