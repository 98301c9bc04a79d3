// The library as a program of a user has it, on whichever runtime runs this: says "passed", or ends with an error.
import assert from "node:assert/strict";
import process from "node:process";
import { createClient, emptyRunView, HttpError, loadRunView, reduceRun } from "smithers-client";

const baseUrl = process.env.SMITHERS_BASE_URL;
const client = createClient({ baseUrl });

const { runId } = await client.runWorkflow({ workflowPath: "gate.tsx", input: {} });
let view = emptyRunView(runId);
for await (const event of client.driveRun({ runId, onApproval: () => "approve" }))
  view = reduceRun(view, event);
assert.equal(view.status, "finished");
assert.deepEqual((await loadRunView({ runId, baseUrl })).view, view);

assert.equal((await client.getStatus({ runId })).status, "finished");
assert.match((await client.getFrames({ runId, tail: 1 }))[0].xmlJson, /smithers:workflow/);
assert.ok((await client.listRuns()).some((run) => run.runId === runId));

const slow = await client.runWorkflow({ workflowPath: "slow.tsx", input: {} });
for await (const event of client.streamEvents(slow)) if (event.type === "NodeStarted") break;
await client.cancel(slow);
for await (const event of client.watchRun(slow)) view = reduceRun(view, event);
assert.equal((await client.getStatus(slow)).status, "cancelled");

const missing = await client.getStatus({ runId: "nobody" }).catch((error) => error);
assert.ok(missing instanceof HttpError && missing.status === 404);
const nowhere = createClient({ baseUrl: "http://127.0.0.1:1", retries: 0 });
const refused = await nowhere.listRuns().catch((error) => error);
assert.equal(refused.code, "CONNECTION_FAILED");
assert.equal(refused.mayHaveBeenApplied, false);
console.log("passed");
