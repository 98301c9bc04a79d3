import { describe, expect, inject, test } from "vitest";
import { createClient, driveRun, type DriveRunArgs, type RunStatus } from "../../src/client/index.js";
import { waitUntil } from "../wait-until.js";

const baseUrl = inject("baseUrl");
const client = createClient({ baseUrl });

async function start(workflow: string): Promise<string> {
  return (await client.runWorkflow({ workflowPath: workflow, input: {} })).runId;
}

const isWaiting = (runId: string) =>
  waitUntil(async () => (await client.getStatus({ runId })).status === "waiting-approval");

/** Drives a run to its end; `types` are those of its events, in order. */
async function drive(args: DriveRunArgs): Promise<{ end: RunStatus; types: string[] }> {
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
  test("approves a gate and resumes the run, once each", async () => {
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

  test("denies a gate, which fails the run", async () => {
    const { end } = await drive({ runId: await start("./gate.tsx"), onApproval: () => "deny" });
    expect(end.status).toBe("failed");
  });

  test("decides several gates", async () => {
    const { end, types } = await drive({ runId: await start("./gates.tsx"), onApproval: () => "approve" });
    expect(end.status).toBe("finished");
    expect(countOf(types, "ApprovalGranted")).toBe(2);
  });

  test("resumes after a decision that somebody else made on the paused run", async () => {
    const runId = await start("./gate.tsx");
    const driving = drive({ runId });
    await isWaiting(runId);
    await client.approve({ runId, nodeId: "gate" });
    const { end, types } = await driving;
    expect(end.status).toBe("finished");
    expect(countOf(types, "RunStarted")).toBe(2);
  });

  test("takes up a decision that was made before it came, and asks about no gate that is decided", async () => {
    const runId = await start("./gate.tsx");
    await isWaiting(runId);
    await client.approve({ runId, nodeId: "gate" });
    const asked: string[] = [];
    const { end, types } = await drive({ runId, onApproval: ({ nodeId }) => (asked.push(nodeId), "deny") });
    expect(end.status).toBe("finished");
    expect(asked).toEqual([]);
    expect(countOf(types, "ApprovalDenied")).toBe(0);
  });

  test("stops at a gate where asked to", async () => {
    const runId = await start("./gate.tsx");
    const { end } = await drive({ runId, stopAtGate: true });
    expect(end.status).toBe("waiting-approval");
  });

  test("ends the question when somebody else decides, and goes on", async () => {
    const runId = await start("./gate.tsx");
    const driving = drive({
      runId,
      askWhen: "reached",
      onApproval: (_, { signal }) =>
        new Promise((answer) => signal.addEventListener("abort", () => answer("deny"), { once: true })),
    });
    await isWaiting(runId);
    await client.approve({ runId, nodeId: "gate" });
    expect((await driving).end.status).toBe("finished");
  });

  test("leaves the run paused where it is not to resume", async () => {
    const runId = await start("./gate.tsx");
    await isWaiting(runId);
    await client.approve({ runId, nodeId: "gate" });
    const signal = AbortSignal.timeout(4000);
    await expect(drive({ runId, resume: false, signal })).rejects.toThrow();
    expect((await client.getStatus({ runId })).status).toBe("waiting-approval");
  });

  test("throws what the question throws", async () => {
    const runId = await start("./gate.tsx");
    const ask = () => Promise.reject(new Error("nobody there"));
    await expect(drive({ runId, onApproval: ask })).rejects.toThrow("nobody there");
  });
});
