import { describe, expect, test } from "vitest";
import { protocolServer } from "../../faults/in-test.js";
import type { ProtocolServer } from "../../faults/protocol-server.js";
import { runMain } from "../run-main.js";

const event = (type: string, nodeId?: string, iteration = 0) => ({
  ...{ type, runId: "r", timestampMs: 1000 },
  ...(nodeId === undefined ? {} : { nodeId, iteration }),
});

/** A server with one run that has these open approvals. */
async function serverWith(
  approvals: readonly [nodeId: string, iteration: number][],
  status = "waiting-approval",
): Promise<ProtocolServer> {
  const server = await protocolServer();
  server.addRun("r", { status });
  server.publish("r", event("RunStarted"));
  for (const [nodeId, iteration] of approvals)
    server.publish("r", event("NodeWaitingApproval", nodeId, iteration));
  if (status !== "running") server.publish("r", { ...event("RunStatusChanged"), status });
  return server;
}

/** Runs a command line; returns its exit code and error, and the decisions and resumes that the server received. */
async function decided(server: ProtocolServer, ...words: string[]) {
  const { exitCode, stderr } = await runMain([...words, "--json"], { baseUrl: server.baseUrl });
  const { code, hint } =
    stderr === "" ? {} : (JSON.parse(stderr) as { error: { code?: string; hint?: string } }).error;
  const decisions = server.decisions.map(
    ({ decision, nodeId, iteration }) => `${decision} ${nodeId} ${iteration}`,
  );
  return { exitCode, code, hint, decisions, resumes: server.count("resume") };
}

const refused = (code: string, hint: string) => ({ exitCode: 4, code, hint, decisions: [], resumes: 0 });
const done = (decision: string) => ({ exitCode: 0, decisions: [decision], resumes: 1 });

describe("approve and deny", () => {
  test("decide the only open approval", async () => {
    expect(await decided(await serverWith([["gate", 0]]), "approve", "r")).toMatchObject(
      done("approve gate 0"),
    );
    expect(await decided(await serverWith([["gate", 0]]), "deny", "r")).toMatchObject(done("deny gate 0"));
  });

  test("require a name if several approvals are open", async () => {
    const both = [
      ["a", 0],
      ["b", 0],
    ] as const;
    const server = await serverWith(both.map(([nodeId, iteration]) => [nodeId, iteration]));
    expect(await decided(server, "approve", "r")).toEqual(
      refused("SEVERAL_OPEN_APPROVALS", "smithers-client approve -- r a"),
    );
    expect(await decided(server, "approve", "r", "b")).toMatchObject(done("approve b 0"));
  });

  test("require --iteration for a later iteration of a loop, in a script", async () => {
    const server = await serverWith([["review", 1]]);
    expect(await decided(server, "approve", "r", "review")).toEqual(
      refused("ITERATION_NEEDED", "smithers-client approve --iteration 1 -- r review"),
    );
    expect(await decided(server, "approve", "r", "review", "--iteration", "1")).toMatchObject(
      done("approve review 1"),
    );
  });

  test("fail if no such approval is open", async () => {
    const server = await serverWith([["gate", 0]]);
    const hint = "smithers-client status -- r";
    const noneOpen = {
      ...refused("NO_OPEN_APPROVAL", hint),
      hint: expect.stringContaining("status") as string,
    };
    expect(await decided(server, "approve", "r", "other")).toEqual(noneOpen);
    expect(await decided(server, "approve", "r", "gate", "--iteration", "2")).toEqual(noneOpen);
  });
});

describe("an approval that was decided before", () => {
  test.each([
    ["approve", "ApprovalGranted", 0],
    ["approve", "ApprovalDenied", 4],
    ["deny", "ApprovalDenied", 0],
    ["deny", "ApprovalGranted", 4],
  ])("%s after %s exits with %d, and sends nothing", async (decision, type, exitCode) => {
    const server = await serverWith([["gate", 0]], "running");
    server.publish("r", event(type, "gate"));
    const result = await decided(server, decision, "r", "gate");
    expect(result).toMatchObject({
      exitCode,
      code: exitCode === 0 ? undefined : "ALREADY_DECIDED",
      decisions: [],
    });
  });
});

describe("after a decision", () => {
  test("a run that is executing is not resumed", async () => {
    expect(await decided(await serverWith([["gate", 0]], "running"), "approve", "r")).toMatchObject({
      exitCode: 0,
      resumes: 0,
    });
  });

  test("no run is resumed with --no-resume", async () => {
    const server = await serverWith([["gate", 0]]);
    expect(await decided(server, "approve", "r", "--no-resume")).toMatchObject({ exitCode: 0, resumes: 0 });
  });

  test("a failed resume is reported, and the decision stands", async () => {
    const server = await serverWith([["gate", 0]]);
    server.misbehave("resume", { kind: "answer", status: 400 });
    const { exitCode, stderr } = await runMain(["approve", "r"], { baseUrl: server.baseUrl });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/the run continues only after a resume, and that failed .*smithers-client resume/);
  });
});
