import { describe, expect, test } from "vitest";
import { createClient, driveRun, type DriveRunArgs, type Run } from "../../../src/client/index.js";
import { protocolServer, sleep } from "../../faults/in-test.js";
import { sharedServer } from "../../shared-server.js";
import { waitUntil } from "../../wait-until.js";
import { whenUnlocked } from "../../when-unlocked.js";

const baseUrl = sharedServer.baseUrl;
const client = createClient({ baseUrl });

async function start(workflow: string): Promise<string> {
  return (await client.runWorkflow({ workflowPath: workflow, input: {} })).runId;
}

const isWaitingStatus = (runId: string) =>
  waitUntil(async () => (await client.getStatus({ runId })).status === "waiting-approval");

/** Drives a run to its end; `types` are the types of its events, in order. */
async function drive(args: DriveRunArgs): Promise<{ end: Run; types: string[] }> {
  const types: string[] = [];
  const events = driveRun({ baseUrl, ...args });
  for (;;) {
    const { done, value } = await events.next();
    if (done) return { end: value, types };
    types.push(value.type);
  }
}

const countOf = (types: string[], type: string) => types.filter((each) => each === type).length;

describe("driveRun", () => {
  test("approves once and resumes once", async () => {
    const runId = await start("./gate.tsx");
    const decided: string[] = [];
    const { end, types } = await drive({
      runId,
      onApproval: ({ nodeId }) => ({ decision: "approve", note: `for ${nodeId}` }),
      onDecided: ({ nodeId }, decision) => decided.push(`${decision} ${nodeId}`),
    });
    expect(end.status).toBe("finished");
    expect(decided).toEqual(["approve gate"]);
    expect(countOf(types, "ApprovalGranted")).toBe(1);
    expect(countOf(types, "RunStarted")).toBeLessThanOrEqual(2);
  });

  test("denies an approval, which fails the run", async () => {
    const { end } = await drive({ runId: await start("./gate.tsx"), onApproval: () => "deny" });
    expect(end.status).toBe("failed");
  });

  test("decides several approvals", async () => {
    const { end, types } = await drive({ runId: await start("./gates.tsx"), onApproval: () => "approve" });
    expect(end.status).toBe("finished");
    expect(countOf(types, "ApprovalGranted")).toBe(2);
  });

  test("resumes after someone else's decision on the paused run", async () => {
    const runId = await start("./gate.tsx");
    const driving = drive({ runId });
    await isWaitingStatus(runId);
    await whenUnlocked(() => client.approve({ runId, nodeId: "gate" }));
    const { end, types } = await driving;
    expect(end.status).toBe("finished");
    expect(countOf(types, "RunStarted")).toBe(2);
  });

  test("resumes for a decision that was made before it started, and does not ask again", async () => {
    const runId = await start("./gate.tsx");
    await isWaitingStatus(runId);
    await whenUnlocked(() => client.approve({ runId, nodeId: "gate" }));
    const asked: string[] = [];
    const { end, types } = await drive({ runId, onApproval: ({ nodeId }) => (asked.push(nodeId), "deny") });
    expect(end.status).toBe("finished");
    expect(asked).toEqual([]);
    expect(countOf(types, "ApprovalDenied")).toBe(0);
  });

  test("stops at an approval if asked to", async () => {
    const runId = await start("./gate.tsx");
    const { end } = await drive({ runId, stopAtApproval: true });
    expect(end.status).toBe("waiting-approval");
  });

  test("does not stop at an approval that is being decided", async () => {
    const runId = await start("./gate.tsx");
    const onApproval = async () => {
      await sleep(1500);
      return "approve" as const;
    };
    const { end } = await drive({ runId, stopAtApproval: true, askWhen: "reached", onApproval });
    expect(end.status).toBe("finished");
  });

  test("ends the question when someone else decides, and continues", async () => {
    const runId = await start("./gate.tsx");
    const driving = drive({
      runId,
      askWhen: "reached",
      onApproval: (_, { signal }) =>
        new Promise((answer) => signal.addEventListener("abort", () => answer("deny"), { once: true })),
    });
    await isWaitingStatus(runId);
    await whenUnlocked(() => client.approve({ runId, nodeId: "gate" }));
    expect((await driving).end.status).toBe("finished");
  });

  test("leaves the run paused if it must not resume", async () => {
    const runId = await start("./gate.tsx");
    await isWaitingStatus(runId);
    await whenUnlocked(() => client.approve({ runId, nodeId: "gate" }));
    const signal = AbortSignal.timeout(4000);
    await expect(drive({ runId, resume: false, signal })).rejects.toThrow();
    expect((await client.getStatus({ runId })).status).toBe("waiting-approval");
  });

  test("throws what onApproval throws", async () => {
    const runId = await start("./gate.tsx");
    const ask = () => Promise.reject(new Error("nobody there"));
    await expect(drive({ runId, onApproval: ask })).rejects.toThrow("nobody there");
  });
});

/** A run as on 0.32 that waits for something other than an approval. The suite for all servers has the real one. */
describe.concurrent("a run that waits for something other than an approval", () => {
  const inMs = (ms: number) => Date.now() + ms;
  const blockedBy = {
    timer: () => ({ kind: "timer", nodeId: "pause", wakeAt: new Date(inMs(100)).toISOString() }),
    quota: () => ({ kind: "quota", quotaBlockedCount: 1, resetAtMs: inMs(100) }),
    event: () => ({ kind: "event", nodeId: "payment", correlationKey: "payment" }),
  };
  const event = (type: string, more: object = {}) => ({ type, runId: "r", timestampMs: 1, ...more });

  test.for(["timer", "quota", "event"] as const)("is resumed for its %s", async (reason, context) => {
    const server = await protocolServer({}, context.onTestFinished);
    const status = `waiting-${reason}`;
    server.addRun("r", { status, runState: { state: status, blocked: blockedBy[reason]() } });
    server.publish("r", event("RunStarted"));
    server.publish("r", event("RunStatusChanged", { status }));
    const resumed: string[] = [];
    const blocked: string[] = [];
    const driving = drive({
      baseUrl: server.baseUrl,
      runId: "r",
      maxConcurrency: 2,
      onBlocked: (runId, { kind }) => blocked.push(`${runId} ${kind}`),
      onResumed: (runId, why) => resumed.push(`${runId} ${why}`),
    });
    await waitUntil(() => server.count("resume") === 1);
    expect(server.calls.find(({ call }) => call === "resume")?.body).toMatchObject({
      workflowPath: "flow.tsx",
      config: { maxConcurrency: 2 },
    });
    server.publish("r", event("RunStarted"));
    server.setStatus("r", "finished", 1);
    server.publish("r", event("RunFinished"));
    expect((await driving).end.status).toBe("finished");
    expect(blocked).toEqual([`r ${reason}`]);
    expect(resumed).toEqual([`r ${reason}`]);
    expect(server.count("resume")).toBe(1);
  });

  test("is not resumed if resuming is off, a person is needed, or the wait has no known end", async ({
    onTestFinished,
  }) => {
    const server = await protocolServer({}, onTestFinished);
    const waits = {
      paused: { state: "paused" },
      "waiting-quota": { state: "waiting-quota", blocked: { kind: "quota", quotaBlockedCount: 1 } },
      "waiting-timer": { state: "waiting-timer", blocked: { kind: "timer", wakeAt: "some day" } },
      "waiting-event": { state: "waiting-event", blocked: { kind: "external-trigger" } },
      "waiting-for-godot": undefined,
    };
    const signal = AbortSignal.timeout(4000);
    const driving = Object.entries(waits).map(([status, runState]) => {
      server.addRun(status, { status, runState });
      server.publish(status, { type: "RunStatusChanged", runId: status, status, timestampMs: 1 });
      return drive({ baseUrl: server.baseUrl, runId: status, signal });
    });
    server.addRun("r", { status: "waiting-timer", runState: { blocked: blockedBy.timer() } });
    server.publish("r", event("RunStatusChanged", { status: "waiting-timer" }));
    driving.push(drive({ baseUrl: server.baseUrl, runId: "r", resume: false, signal }));
    await Promise.allSettled(driving);
    expect(signal.aborted).toBe(true);
    expect(server.count("resume")).toBe(0);
  });
});
