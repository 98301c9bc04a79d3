/*
 * A separate program that runs on Bun, for its SQLite. Reads histories as JSON from stdin and writes them to the
 * database of a 0.5.0 server. Its only argument is the file. Derives the state of each node and approval from the
 * events.
 */
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import type { WrittenHistory } from "./long-history.js";

interface Database {
  exec(sql: string): void;
  prepare(sql: string): { run(...values: unknown[]): void };
  transaction(write: () => void): { immediate(): void };
}
type Row = { state: string; attempt: number | null };

const { Database } = createRequire(import.meta.url)("bun:sqlite") as {
  Database: new (file: string) => Database;
};
const db = new Database(process.argv[2] ?? "");
db.exec("PRAGMA busy_timeout = 10000");

const insert = (table: string, columns: number) =>
  db.prepare(`INSERT INTO _smithers_${table} VALUES (${Array(columns).fill("?").join(", ")})`);
const runs = insert("runs", 9);
const nodes = insert("nodes", 8);
const frames = insert("frames", 8);
const approvals = insert("approvals", 8);
const events = insert("events", 5);

const nodeStates: Record<string, string> = {
  NodeStarted: "in-progress",
  NodeFinished: "finished",
  NodeFailed: "failed",
  NodeRetrying: "pending",
  NodeCancelled: "cancelled",
  NodeWaitingApproval: "waiting-approval",
  ApprovalGranted: "pending",
  ApprovalDenied: "failed",
};
const approvalStates: Record<string, string> = {
  ApprovalRequested: "requested",
  ApprovalGranted: "approved",
  ApprovalDenied: "denied",
};

function write({ runId, status, events: history, unreached }: WrittenHistory): void {
  const states = new Map<string, Row>();
  const started = new Set<string>();
  const decisions = new Map<string, { state: string; at: number }>();
  const frameTimes: [frameNo: unknown, at: number][] = [];
  for (const [seq, event] of history.entries()) {
    const { type, timestampMs: at } = event;
    const { nodeId, iteration = 0, frameNo, ...rest } = event as Record<string, unknown>;
    const attempt = (rest["attempt"] ?? null) as number | null;
    events.run(runId, seq, at, type, JSON.stringify(event));
    const key = JSON.stringify([nodeId, iteration]);
    if (type in nodeStates) states.set(key, { state: nodeStates[type] ?? "", attempt });
    if (type === "NodeStarted") started.add(key);
    if (type in approvalStates) decisions.set(key, { state: approvalStates[type] ?? "", at });
    if (type === "FrameCommitted") frameTimes.push([frameNo, at]);
  }
  for (const nodeId of unreached) {
    states.set(JSON.stringify([nodeId, 0]), { state: "pending", attempt: null });
  }

  const startedAt = history[0]?.timestampMs ?? 0;
  const endedAt = history.at(-1)?.timestampMs ?? 0;
  const finishedAt = ["finished", "failed", "cancelled"].includes(status) ? endedAt : null;
  runs.run(runId, "history", "history.tsx", status, startedAt, startedAt, finishedAt, null, "{}");
  for (const [key, { state, attempt }] of states) {
    nodes.run(runId, ...(JSON.parse(key) as unknown[]), state, attempt, endedAt, "history", null);
  }
  for (const [key, { state, at }] of decisions) {
    const times = state === "requested" ? [at, null] : [null, at];
    approvals.run(runId, ...(JSON.parse(key) as unknown[]), state, ...times, null, null);
  }
  // In the order of execution: an approval is announced long before the run reaches it.
  const keys = [...new Set([...started, ...states.keys()])].map((key) => JSON.parse(key) as [string, number]);
  const tree = JSON.stringify(treeOf(keys, (nodeId) => decisions.has(JSON.stringify([nodeId, 0]))));
  const newest = new Map(keys);
  const mounted = JSON.stringify([...newest].map(([nodeId, iteration]) => `${nodeId}::${iteration}`));
  const index = JSON.stringify(
    [...newest].map(([nodeId, iteration], ordinal) => ({ nodeId, ordinal, iteration })),
  );
  for (const [frameNo, at] of frameTimes) {
    frames.run(runId, frameNo, at, tree, "0".repeat(64), mounted, index, null);
  }
}

/** Nodes that ran more than once form a loop of parallel nodes. The others follow in sequence. */
function treeOf(keys: readonly [string, number][], isGate: (nodeId: string) => boolean): object {
  const element = (tag: string, props: object, children: object[] = []) => ({
    kind: "element",
    tag: `smithers:${tag}`,
    props,
    children,
  });
  const task = (id: string) =>
    element("task", {
      id,
      output: "history",
      ...(isGate(id) && { needsApproval: "true", label: "Ship it?" }),
    });
  const looped = new Set(keys.flatMap(([nodeId, iteration]) => (iteration > 0 ? [nodeId] : [])));
  const once = keys.flatMap(([nodeId]) => (looped.has(nodeId) ? [] : [nodeId]));
  const loop = element("ralph", { id: "rounds" }, [element("parallel", {}, [...looped].map(task))]);
  const children = [...(looped.size > 0 ? [loop] : []), ...once.map(task)];
  return element("workflow", { name: "history" }, [element("sequence", {}, children)]);
}

const histories = JSON.parse(await text(process.stdin)) as WrittenHistory[];
db.transaction(() => histories.forEach(write)).immediate();
