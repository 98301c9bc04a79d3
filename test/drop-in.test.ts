/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment,
   @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-member-access
   -- the published client gives rows as `any`, and a program that was written for it uses them so */
import { describe, expect, test } from "vitest";
import * as ours from "../src/client/index.js";
import { sharedServer } from "./shared-server.js";
import { waitUntil } from "./wait-until.js";

const baseUrl = sharedServer.baseUrl;

/** The published client's functions, as its documentation types them. */
interface PublishedClient {
  runWorkflow(args: {
    workflowPath: string;
    input: unknown;
    runId?: string;
    baseUrl?: string;
    apiKey?: string | undefined;
  }): Promise<{ runId: string }>;
  resume(args: {
    workflowPath: string;
    runId: string;
    baseUrl?: string;
    apiKey?: string | undefined;
  }): Promise<{ runId: string }>;
  approve(args: Decision): Promise<{ runId: string }>;
  deny(args: Decision): Promise<{ runId: string }>;
  streamEvents(args: {
    runId: string;
    baseUrl?: string;
    apiKey?: string | undefined;
  }): AsyncIterable<ours.SmithersEvent>;
  getStatus(args: { runId: string; baseUrl?: string; apiKey?: string | undefined }): Promise<{
    runId: string;
    workflowName: string;
    status: string;
    startedAtMs: number | null;
    finishedAtMs: number | null;
    summary: Record<string, number>;
  }>;
  getFrames(args: {
    runId: string;
    tail?: number;
    baseUrl?: string;
    apiKey?: string | undefined;
  }): Promise<any[]>;
  cancel(args: { runId: string; baseUrl?: string; apiKey?: string | undefined }): Promise<{ runId: string }>;
  listRuns(args?: {
    limit?: number;
    status?: string;
    baseUrl?: string;
    apiKey?: string | undefined;
  }): Promise<any[]>;
}

interface Decision {
  runId: string;
  nodeId: string;
  iteration?: number;
  note?: string;
  baseUrl?: string;
  apiKey?: string | undefined;
}

// Compiles only if each of our functions accepts and returns what the published one does.
const published: PublishedClient = ours;
const bound: PublishedClient = ours.createClient({ baseUrl });

describe("a program written for the published client", () => {
  test.each([
    ["the decision comes while the engine still works", 1500],
    ["the gate is the last thing that is left to run", 0],
  ])("runs its complete example to the end: %s", async (_, buildMs) => {
    const { runWorkflow, streamEvents, approve, getStatus } = published;
    const apiKey = process.env["SMITHERS_API_KEY"];
    const said: string[] = [];

    const run = await runWorkflow({
      workflowPath: "./gate.tsx",
      input: { branch: "main", environment: "staging", buildMs },
      apiKey,
      baseUrl,
    });
    for await (const event of streamEvents({ runId: run.runId, apiKey, baseUrl })) {
      switch (event.type) {
        case "NodeStarted":
          said.push(`Task ${event.nodeId} started (attempt ${event.attempt})`);
          break;
        case "NodeFinished":
          said.push(`Task ${event.nodeId} completed`);
          break;
        case "NodeWaitingApproval":
          await approve({
            runId: run.runId,
            nodeId: event.nodeId,
            note: "Auto-approved for staging",
            apiKey,
            baseUrl,
          });
          break;
        case "RunFinished":
          said.push("Deployment complete.");
          break;
        case "RunFailed":
          said.push(`Deployment failed: ${JSON.stringify(event.error)}`);
          break;
      }
    }
    const status = await getStatus({ runId: run.runId, apiKey, baseUrl });
    expect(status.status).toBe("finished");
    expect(said).toEqual([
      "Task build started (attempt 1)",
      "Task build completed",
      "Task gate started (attempt 1)",
      "Task gate completed",
      "Task ship started (attempt 1)",
      "Task ship completed",
      "Deployment complete.",
    ]);
  });

  test("can leave the stream early, read frames, list runs, deny, resume, and cancel", async () => {
    const { runId } = await bound.runWorkflow({ workflowPath: "./gate.tsx", input: {} });
    await waitUntil(() => bound.getStatus({ runId }).catch(() => undefined));
    for await (const event of bound.streamEvents({ runId })) {
      if (event.type === "RunStatusChanged") break;
    }
    const [frame] = await bound.getFrames({ runId, tail: 1 });
    const rows = (await bound.getFrames({ runId })) as { frameNo: number; xml: string }[];
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.parse(frame.xmlJson)).toMatchObject({ tag: "smithers:workflow" });
    const [row] = await bound.listRuns({ limit: 1, status: "waiting-approval" });
    expect(row.workflowPath).toMatch(/\.tsx$/);
    expect(await bound.deny({ runId, nodeId: "gate", iteration: 0, note: "no" })).toEqual({ runId });
    expect(await bound.resume({ runId, workflowPath: "./gate.tsx" })).toEqual({ runId });
    await waitUntil(async () => (await bound.getStatus({ runId })).status === "failed");

    const slow = await bound.runWorkflow({ workflowPath: "./slow.tsx", input: {} });
    await waitUntil(() => bound.getStatus({ runId: slow.runId }).catch(() => undefined));
    expect(await bound.cancel({ runId: slow.runId })).toEqual({ runId: slow.runId });
  });

  test("gets HTTP errors with the message that it looks for", async () => {
    await expect(published.getStatus({ runId: "nope", baseUrl })).rejects.toThrow("HTTP 404");
  });
});

test("an event can be used as a record", () => {
  const names = (fields: Record<string, unknown>) => Object.keys(fields);
  const event: ours.SmithersEvent = { type: "RunStarted", runId: "r", timestampMs: 1 };
  expect(names(event)).toEqual(["type", "runId", "timestampMs"]);
});

test("an undeclared field has the type unknown", () => {
  const status = { status: "running" } as ours.Run;
  const finishedAt: unknown = status["finishedAtMS"];
  // @ts-expect-error: it could be anything, so it has to be looked at before it is used.
  const assumed: number = status["finishedAtMS"];
  expect([finishedAt, assumed]).toEqual([undefined, undefined]);
});

test("events are distinguished by their type, and those of unknown types are events too", () => {
  const received: unknown = { type: "BrandNew", runId: "r", timestampMs: 1, anything: [1] };
  const unknown = received as ours.SmithersEvent;
  const describeEvent = (event: ours.SmithersEvent): string => {
    if (!ours.isKnownEvent(event)) return `unknown ${event.type}`;
    switch (event.type) {
      case "NodeStarted":
        return `${event.nodeId} ${event.attempt.toFixed(0)}`;
      case "RunStatusChanged":
        return event.status;
      default:
        return event.type;
    }
  };
  expect(describeEvent(unknown)).toBe("unknown BrandNew");
  expect(
    describeEvent({ type: "NodeStarted", runId: "r", nodeId: "a", iteration: 0, attempt: 1, timestampMs: 1 }),
  ).toBe("a 1");
});
