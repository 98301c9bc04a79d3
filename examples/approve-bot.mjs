// A bot that decides approvals by rule, for all runs of a server, until Ctrl-C. It leaves approvals without a matching
// rule to people.
//
//   SMITHERS_BASE_URL=http://127.0.0.1:7331 node approve-bot.mjs
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "smithers-client";

/** The first rule that matches an approval decides it. */
const rules = [
  { workflow: "deploy", node: /^approve-/, decision: "approve", note: "no person is needed for this one" },
  { workflow: /^danger/, node: /./, decision: "deny", note: "not by a bot" },
];

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => stop.abort());

const client = createClient({
  baseUrl: process.env.SMITHERS_BASE_URL,
  apiKey: process.env.SMITHERS_API_KEY,
  signal: stop.signal,
});
const following = new Set();

async function follow({ runId, workflowName, workflowPath }) {
  const fits = (wanted, word) => (typeof wanted === "string" ? wanted === word : wanted.test(word));
  const onApproval = ({ nodeId }) =>
    rules.find((rule) => fits(rule.workflow, workflowName) && fits(rule.node, nodeId)) ?? "wait";
  const onDecided = ({ nodeId }, decision) => console.log(decision, runId, JSON.stringify(nodeId));
  following.add(runId);
  try {
    // `driveRun` also sends the resume that a decision needs, and waits for the server during outages.
    for await (const event of client.driveRun({ runId, workflowPath, onApproval, onDecided })) void event;
  } catch (error) {
    if (!stop.signal.aborted) console.error(`${runId}: ${error.message}`);
  } finally {
    // If the run is resumed later and waits again, it is followed again.
    following.delete(runId);
  }
}

while (!stop.signal.aborted) {
  try {
    for (const run of await client.listRuns({ status: "waiting-approval", limit: 1000 })) {
      if (!following.has(run.runId)) void follow(run);
    }
  } catch (error) {
    if (!stop.signal.aborted) console.error(error.message);
  }
  await pause(1000, undefined, { signal: stop.signal }).catch(() => {});
}
