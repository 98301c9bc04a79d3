import { join } from "node:path";
import { expect, test } from "vitest";
import { emptyRunView, getStatus, reduceRun, watchRun } from "../src/client/index.js";
import { makeEvents, makeHistory, type LongHistory } from "./long-history.js";
import { sharedServer } from "./shared-server.js";

const database = join(sharedServer.root, "smithers.db");
const baseUrl = sharedServer.baseUrl;

test("a written history is served with exactly the requested events, to its end", async () => {
  const history: LongHistory = { runId: "history-served", events: 130, status: "finished", gate: "deploy" };
  await makeHistory(database, history);
  const events = [];
  for await (const event of watchRun({ baseUrl, runId: "history-served" })) events.push(event);
  expect(events).toEqual(makeEvents(history));
  expect(events).toHaveLength(130);
});

const waiting = { events: 300, status: "waiting-approval" } as const;
test.each<[string, Omit<LongHistory, "runId">, Record<string, number>]>([
  ["open", waiting, { finished: 20, "waiting-approval": 1, pending: 1 }],
  ["approved", { ...waiting, decision: "approved" }, { finished: 20, pending: 2 }],
  ["denied", { ...waiting, decision: "denied" }, { finished: 20, failed: 1, pending: 1 }],
  ["finished", { events: 20, status: "finished" }, { finished: 6 }],
  ["failed", { events: 20, status: "failed", gate: "go", decision: "denied" }, { finished: 4, failed: 1 }],
])("the status of a run agrees with its events: %s", async (name, history, summary) => {
  const runId = `history-${name}`;
  await makeHistory(database, { runId, ...history });
  expect(await getStatus({ baseUrl, runId })).toMatchObject({ status: history.status, summary });

  const view = makeEvents({ runId, ...history }).reduce(reduceRun, emptyRunView(runId));
  const states: Record<string, number> = {};
  for (const { state } of view.nodes.values()) states[state] = (states[state] ?? 0) + 1;
  // The node after the approval has a row on the server, but no event.
  if (history.status === "waiting-approval") states["pending"] = (states["pending"] ?? 0) + 1;
  expect(states).toEqual(summary);
});
