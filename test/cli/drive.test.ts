import { describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.js";
import { sharedServer } from "../shared-server.js";
import { waitUntil } from "../wait-until.js";
import { cli, freshId, startCli } from "./run-cli.js";
import { whenUnlocked } from "../when-unlocked.js";

const client = createClient({ baseUrl: sharedServer.baseUrl });
const statusOf = async (runId: string) => (await client.getStatus({ runId }).catch(() => undefined))?.status;
const statusIs = (runId: string, status: string) => waitUntil(async () => (await statusOf(runId)) === status);

async function waitingRun(): Promise<string> {
  const runId = freshId("drive");
  await client.runWorkflow({ workflowPath: "gate.tsx", input: {}, runId });
  await statusIs(runId, "waiting-approval");
  return runId;
}

describe("--on-approval", () => {
  test.each([
    ["approve", 0, "finished"],
    ["deny", 1, "failed"],
    ["exit", 3, "waiting-approval"],
  ])("%s exits with %d", async (policy, code, status) => {
    const runId = freshId(policy);
    const { exitCode } = await cli(["run", "gate.tsx", "--run-id", runId, "-w", "--on-approval", policy]);
    expect(exitCode).toBe(code);
    expect(await statusOf(runId)).toBe(status);
  });

  test("wait prints the command to approve, and continues after an approval from elsewhere", async () => {
    const runId = freshId("outside");
    const following = startCli(["run", "gate.tsx", "--run-id", runId, "-w"]);
    let told = "";
    following.stderr.on("data", (text) => (told += String(text)));
    await waitUntil(() => told.includes("waits for approval"));
    await fetch(`${sharedServer.baseUrl}/v1/runs/${runId}/nodes/gate/approve`, {
      method: "POST",
      body: "{}",
    });
    const { exitCode, stderr } = await following;
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`smithers-client approve -- ${runId} gate`);
  });

  test("approve is limited to the node ids that match --approve-only", async () => {
    const runId = freshId("only");
    const args = [
      "run",
      "gates.tsx",
      "--run-id",
      runId,
      "-w",
      "--on-approval",
      "approve",
      "--approve-only",
      "*-a",
    ];
    const following = startCli(args);
    const open = async () => {
      const loaded = await client.loadRunView({ runId }).catch(() => undefined);
      return loaded?.view.openApprovals.map(({ nodeId }) => nodeId).join();
    };
    await waitUntil(async () => (await open()) === "gate-b");
    await whenUnlocked(() => client.approve({ runId, nodeId: "gate-b" }));
    expect((await following).exitCode).toBe(0);
  });

  test.each([
    ["an unknown policy", ["--on-approval", "maybe"], /'maybe' is not one of/],
    ["ask without a terminal", ["--on-approval", "ask"], /needs a terminal/],
    [
      "--approve-only without approve",
      ["--approve-only", "x"],
      /can only be used with --on-approval approve/,
    ],
  ])("%s is refused", async (_, flags, says) => {
    const { exitCode, stderr } = await cli(["watch", await waitingRun(), ...flags]);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(says);
  });
});

describe("approve and deny", () => {
  test("print the request and resume the run", async () => {
    const runId = await waitingRun();
    const { exitCode, stdout, stderr } = await cli(["approve", runId, "--by", "ada", "--note", "looks good"]);
    expect(exitCode).toBe(0);
    expect(stderr).toBe("gate  Ship it?\nresumed the run\n");
    expect(stdout).toBe(`approved gate of run ${runId}\n`);
    await statusIs(runId, "finished");
  });

  test("require --iteration after the first iteration of a loop in a script", async () => {
    const runId = freshId("loop");
    await client.runWorkflow({ workflowPath: "loop.tsx", input: {}, runId });
    await waitUntil(
      async () => (await client.getStatus({ runId }).catch(() => undefined))?.status === "waiting-approval",
    );
    const command = ["approve", runId, "review"];
    expect((await cli(command)).exitCode).toBe(0);
    await waitUntil(async () =>
      (await client.listApprovals({ runId })).some(({ iteration }) => iteration === 1),
    );
    const { exitCode, stderr } = await cli([...command, "--json"]);
    expect(exitCode).toBe(4);
    expect(JSON.parse(stderr)).toMatchObject({
      error: {
        code: "ITERATION_NEEDED",
        hint: `smithers-client approve --iteration 1 -- ${runId} review`,
      },
    });
    expect(await client.listApprovals({ runId })).toMatchObject([{ nodeId: "review", iteration: 1 }]);
    expect((await cli([...command, "--iteration", "1", "-w"])).exitCode).toBe(0);
  });

  test("say how to continue with --no-resume, and change nothing if repeated", async () => {
    const runId = await waitingRun();
    const first = await cli(["approve", runId, "--no-resume"]);
    expect(first.stderr).toContain(`smithers-client resume --watch -- ${runId}`);
    const before = await client.loadRunView({ runId });
    const again = await cli(["approve", runId, "gate", "--no-resume", "--json"]);
    expect(again.exitCode).toBe(0);
    expect(JSON.parse(again.stdout)).toEqual({ runId, changed: false });
    expect(await client.loadRunView({ runId })).toEqual(before);
    const against = await cli(["deny", runId, "gate", "--json"]);
    expect(against.exitCode).toBe(4);
    expect(JSON.parse(against.stderr)).toMatchObject({ error: { code: "ALREADY_DECIDED" } });
  });

  test("still accept --resume", async () => {
    const runId = await waitingRun();
    expect((await cli(["approve", runId, "--resume"])).exitCode).toBe(0);
    await statusIs(runId, "finished");
  });

  test("follow the run to its end with -w", async () => {
    expect((await cli(["approve", await waitingRun(), "-w"])).exitCode).toBe(0);
    expect((await cli(["deny", await waitingRun(), "-w"])).exitCode).toBe(1);
  });

  test("refuse a node id that would have to be encoded in the URL", async () => {
    const runId = freshId("spaced");
    await client.runWorkflow({ workflowPath: "spaced-gate.tsx", input: {}, runId });
    await statusIs(runId, "waiting-approval");
    for (const args of [
      ["approve", runId],
      ["watch", runId, "--on-approval", "deny"],
    ]) {
      const { stderr, exitCode } = await cli(args);
      expect(exitCode).toBe(4);
      expect(stderr).toContain('nodeId "my gate" would have to be encoded in the URL as my%20gate');
    }
    expect((await client.loadRunView({ runId })).view.openApprovals).toHaveLength(1);
  });

  test("refuse an unknown node and change nothing", async () => {
    const runId = await waitingRun();
    const before = await client.loadRunView({ runId });
    expect((await cli(["approve", runId, "no-such-node"])).exitCode).toBe(4);
    expect(await client.loadRunView({ runId })).toEqual(before);
  });
});

describe("commands on an existing run", () => {
  test("status --exit-status exits with the code of the status", async () => {
    const runId = await waitingRun();
    expect((await cli(["status", runId, "--exit-status"])).exitCode).toBe(3);
    expect((await cli(["status", runId])).exitCode).toBe(0);
    await cli(["deny", runId, "-w"]);
    expect((await cli(["status", runId, "--exit-status", "--json"])).exitCode).toBe(1);
  });

  const slowRun = async () => {
    const runId = freshId("slow");
    await client.runWorkflow({ workflowPath: "slow.tsx", input: { steps: 50 }, runId });
    await waitUntil(async () => (await client.getStatus({ runId })).summary["in-progress"]);
    return runId;
  };

  test("--cancel-on-timeout cancels the run and exits with 124", async () => {
    const runId = await slowRun();
    const { exitCode, stderr } = await cli(["watch", runId, "--timeout", "500ms", "--cancel-on-timeout"]);
    expect(exitCode).toBe(124);
    expect(stderr).toContain(`run ${runId} is cancelled`);
    expect(await statusOf(runId)).toBe("cancelled");
  });

  test("--cancel-on-interrupt cancels the run and exits with 130", async () => {
    const runId = await slowRun();
    const following = startCli(["watch", runId, "--cancel-on-interrupt"]);
    await new Promise((seen) => following.stdout.once("data", seen));
    following.kill("SIGINT");
    expect((await following).exitCode).toBe(130);
    expect(await statusOf(runId)).toBe("cancelled");
  });

  test("cancel -w exits with 0 once the run is cancelled", async () => {
    const runId = await slowRun();
    expect((await cli(["cancel", runId, "-w"])).exitCode).toBe(0);
    expect(await statusOf(runId)).toBe("cancelled");
  });

  test("cancel says why a run that is paused or has ended cannot be cancelled", async () => {
    const runId = await waitingRun();
    const paused = await cli(["cancel", runId]);
    expect(paused.exitCode).toBe(4);
    expect(paused.stderr).toMatch(/is paused \(waiting-approval\)/);
    await cli(["approve", runId, "-w"]);
    expect((await cli(["cancel", runId])).stderr).toMatch(/already ended: finished/);
  });

  test("run --if-exists attaches to a run that an earlier attempt started, or resumes it", async () => {
    const runId = await waitingRun();
    const again = ["run", "gate.tsx", "--run-id", runId];
    expect((await cli(again)).exitCode).toBe(4);
    expect(await cli([...again, "--if-exists", "attach"])).toMatchObject({
      exitCode: 0,
      stdout: `${runId}\n`,
    });
    expect(await statusOf(runId)).toBe("waiting-approval");
    await whenUnlocked(() => client.approve({ runId, nodeId: "gate" }));
    expect((await cli([...again, "--if-exists", "resume", "-w"])).exitCode).toBe(0);
    expect((await cli([...again, "--if-exists", "attach", "-w"])).exitCode).toBe(0);
  });
});
