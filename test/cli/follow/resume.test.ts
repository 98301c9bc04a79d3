import { describe, expect, test } from "vitest";
import { createClient } from "../../../src/client/index.js";
import { protocolServer } from "../../faults/in-test.js";
import type { ProtocolServer } from "../../faults/protocol-server.js";
import { sharedServer } from "../../shared-server.js";
import { waitUntil } from "../../wait-until.js";
import { cli, freshId } from "../run-cli.js";
import { runMain } from "../run-main.js";
import { whenUnlocked } from "../../when-unlocked.js";

const event = (type: string, timestampMs: number, fields: object = {}) => ({
  type,
  runId: "r",
  timestampMs,
  ...fields,
});

/** A failed run; `onResume` plays what happens after a resume. */
async function failedRun(onResume: (server: ProtocolServer) => void): Promise<ProtocolServer> {
  const server = await protocolServer();
  server.addRun("r", { status: "failed", finishedAtMs: 2000 });
  server.publish("r", event("RunStarted", 1000));
  server.publish("r", event("RunFailed", 2000, { error: "the old failure" }));
  void waitUntil(() => server.count("resume") > 0).then(() => onResume(server));
  return server;
}

const args = ["resume", "r", "flow.tsx"];

describe("resume --watch", () => {
  const finish = (server: ProtocolServer) => {
    server.publish("r", event("RunStarted", 3000));
    server.setStatus("r", "finished", 4000);
    server.publish("r", event("RunFinished", 4000));
  };

  test("shows new events, and not the existing history", async () => {
    const text = await runMain([...args, "-w"], { baseUrl: (await failedRun(finish)).baseUrl });
    expect(text).toEqual({
      stdout: "    2.0s  run             started\n    3.0s  run             finished\n",
      stderr: "",
      exitCode: 0,
    });
    const json = await runMain([...args, "-w", "--json"], { baseUrl: (await failedRun(finish)).baseUrl });
    expect(
      json.stdout
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { type: string }).type),
    ).toEqual(["RunStarted", "RunFinished"]);
    expect(json).toMatchObject({ stderr: "", exitCode: 0 });
  });

  test("shows neither the approval nor earlier events on a real server", async () => {
    const client = createClient({ baseUrl: sharedServer.baseUrl });
    const runId = freshId("news");
    await client.runWorkflow({ workflowPath: "gate.tsx", input: {}, runId });
    const statusOf = async () => (await client.getStatus({ runId }).catch(() => undefined))?.status;
    await waitUntil(async () => (await statusOf()) === "waiting-approval");
    await whenUnlocked(() => client.approve({ runId, nodeId: "gate" }));
    const { stdout, exitCode } = await cli(["resume", runId, "-w"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ +\d+\.\ds {2}run +started\n/);
    expect(stdout).toMatch(/ship +finished[^]*run +finished\n$/);
    expect(stdout).not.toContain("build");
  });

  test("does not mistake the end before the resume for the run's end", async () => {
    // The status is still the old one when the response arrives, and the new events come a moment later.
    const server = await failedRun((late) => {
      late.setStatus("r", "failed", 2000);
      void waitUntil(() => late.count("events") > 2).then(() => {
        late.publish("r", event("RunStarted", 3000));
        late.setStatus("r", "cancelled", 4000);
        late.publish("r", event("RunCancelled", 4000));
      });
    });
    const { stdout, exitCode } = await runMain([...args, "-w"], { baseUrl: server.baseUrl });
    expect(exitCode).toBe(2);
    expect(stdout).not.toContain("the old failure");
    expect(stdout).toMatch(/run +cancelled\n$/);
  });

  test("exits with 4 if nothing starts, and says so", async () => {
    const server = await failedRun((still) => still.setStatus("r", "failed", 2000));
    const { stdout, stderr, exitCode } = await runMain([...args, "-w"], { baseUrl: server.baseUrl });
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 4 });
    expect(stderr).toMatch(
      /^error: the server took the resume of run r, and nothing has happened since, at http:/m,
    );
    expect(stderr).toMatch(/^next: +smithers-client status -- r$/m);
    expect(server.count("resume")).toBe(1);
  });

  test("sends the resume even if the run never stops sending events", async () => {
    const server = await protocolServer();
    server.addRun("r");
    const talking = setInterval(() => server.publish("r", event("NodePending", 1000)), 50);
    try {
      const following = runMain([...args, "-w"], { baseUrl: server.baseUrl });
      await waitUntil(() => server.count("resume") > 0);
      clearInterval(talking);
      server.setStatus("r", "cancelled", 4000);
      server.publish("r", event("RunCancelled", 4000));
      expect((await following).exitCode).toBe(2);
    } finally {
      clearInterval(talking);
    }
  });
});

describe("resuming a run that counts as running", () => {
  const answer = { kind: "answer", status: 200, body: { runId: "r", status: "running" } } as const;

  test("exits with 4 and says that nothing was resumed, and when to try again", async () => {
    const server = await failedRun(() => {});
    server.misbehave("resume", answer, answer);
    const { stdout, stderr, exitCode } = await runMain(args, { baseUrl: server.baseUrl });
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 4 });
    expect(stderr).toMatch(/^error: nothing was resumed: run r counts as running .*after 30s/);
    expect(stderr).toMatch(/^next: +smithers-client watch -- r$/m);
    const json = await runMain([...args, "--json"], { baseUrl: server.baseUrl });
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "NOT_RESUMED" } });
  });

  test("says so and follows the run with --watch", async () => {
    const server = await failedRun((running) => {
      running.publish("r", event("NodePending", 3000));
      running.setStatus("r", "cancelled", 4000);
      running.publish("r", event("RunCancelled", 4000));
    });
    server.misbehave("resume", answer);
    const { stderr, exitCode } = await runMain([...args, "-w"], { baseUrl: server.baseUrl });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^nothing was resumed: run r counts as running .*; following it\n$/);
  });
});
