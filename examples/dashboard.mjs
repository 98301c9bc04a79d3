// A dashboard of all runs of a server, until Ctrl-C: a table at a terminal, otherwise a line for each change.
//
//   SMITHERS_BASE_URL=http://127.0.0.1:7331 node dashboard.mjs
import { setTimeout as pause } from "node:timers/promises";
import { createClient, emptyRunView, isTerminalStatus, reduceRun } from "smithers-client";

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => stop.abort());

const client = createClient({
  baseUrl: process.env.SMITHERS_BASE_URL,
  apiKey: process.env.SMITHERS_API_KEY,
  signal: stop.signal,
});
/** What is known about each run, in the order in which the runs were first seen. */
const names = new Map();
const views = new Map();
const lines = new Map();
const following = new Set();
const { stdout } = process;

/** Replaces control characters, because text from the server must not control the terminal. */
const plain = (text) => text.replace(/\p{C}/gu, "?");

function lineOf({ runId, status, nodes, openApprovals }) {
  const all = [...nodes.values()];
  const done = all.filter(({ state }) => state === "finished" || state === "skipped");
  const busy = all.filter(({ state }) => state === "in-progress").map(({ nodeId }) => nodeId);
  const approvals = openApprovals.map(({ nodeId }) => `${nodeId}?`);
  const progress = all.length === 0 ? "" : `${done.length}/${all.length}`;
  const columns = [runId, names.get(runId).padEnd(10), status.padEnd(16), progress, ...busy, ...approvals];
  return plain(columns.join("  ").trimEnd());
}

function show(view) {
  views.set(view.runId, view);
  const line = lineOf(view);
  if (lines.get(view.runId) === line) return;
  lines.set(view.runId, line);
  if (!stdout.isTTY) return console.log(line);
  const fitting = [...lines.values()].slice(1 - stdout.rows).map((each) => each.slice(0, stdout.columns - 1));
  stdout.write(`\u001b[H\u001b[J${fitting.join("\n")}\n`);
}

async function follow(runId) {
  let view = emptyRunView(runId);
  following.add(runId);
  try {
    for await (const event of client.watchRun({ runId })) show((view = reduceRun(view, event)));
  } catch (error) {
    if (!stop.signal.aborted) console.error(plain(`${runId}: ${error.message}`));
  } finally {
    // If the run continues anyway, the list shows it and it is followed again.
    following.delete(runId);
  }
}

while (!stop.signal.aborted) {
  try {
    for (const { runId, workflowName, status } of (await client.listRuns({ limit: 100 })).reverse()) {
      // A run has no name until its workflow has been loaded.
      names.set(runId, workflowName);
      show(views.get(runId) ?? { ...emptyRunView(runId), status });
      if (!isTerminalStatus(status) && !following.has(runId)) void follow(runId);
    }
  } catch (error) {
    if (!stop.signal.aborted) console.error(plain(error.message));
  }
  await pause(1000, undefined, { signal: stop.signal }).catch(() => {});
}
