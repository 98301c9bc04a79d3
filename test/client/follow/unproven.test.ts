import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConnectionError, listApprovals, loadRunView } from "../../../src/client/index.js";
import { block } from "../../faults/raw-server.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A server that always counts two open approvals for a run whose events show one. */
const fetch = async (url: string) => {
  const path = new URL(url).pathname;
  const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
  if (path.endsWith("/approvals"))
    return json({ error: { code: "NOT_FOUND", message: "Route not found" } }, 404);
  const run = { runId: "r", workflowName: "w", status: "running", summary: { "waiting-approval": 2 } };
  if (path.endsWith("/runs")) return json(url.includes("=running") ? [run] : []);
  if (!path.endsWith("/events")) return json(path.includes("/runs/") ? run : {});
  const events = [
    { type: "RunStarted", runId: "r", timestampMs: 1000 },
    { type: "NodeWaitingApproval", runId: "r", nodeId: "gate", iteration: 0, timestampMs: 2000 },
  ];
  // A check requests the events from the last known one on.
  const after = Number(new URL(url).searchParams.get("afterSeq") ?? -1);
  const text = events
    .slice(after + 1)
    .map(block)
    .join("");
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
};

/** The outcome of a call, which gets as much time as it needs. */
async function settled<T>(call: Promise<T>): Promise<{ value?: T; error?: unknown }> {
  let outcome: { value?: T; error?: unknown } | undefined;
  call.then(
    (value) => (outcome = { value }),
    (error: unknown) => (outcome = { error }),
  );
  for (let turn = 0; turn < 500 && outcome === undefined; turn++) await vi.advanceTimersByTimeAsync(200);
  return outcome ?? { error: "it goes on" };
}

const connection = { baseUrl: "http://unproven.example", fetch, retries: 0 };

test("a view that cannot be proven current has an asOf time", async () => {
  const { value } = await settled(loadRunView({ ...connection, runId: "r" }));
  expect(value).toMatchObject({ asOf: 2000, position: 1, view: { openApprovals: [{ nodeId: "gate" }] } });
});

test("an unproven approval is an error for a named run, and has an asOf time in the list of all runs", async () => {
  const named = await settled(listApprovals({ ...connection, runId: "r" }));
  expect(named.error).toBeInstanceOf(ConnectionError);
  expect((named.error as Error).message).toContain("the open approvals are not known for sure");
  const all = await settled(listApprovals(connection));
  expect(all.value).toMatchObject([{ runId: "r", nodeId: "gate", asOf: 2000 }]);
});
