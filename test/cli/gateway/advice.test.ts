import { describe, expect, test } from "vitest";
import { recordedGateway } from "../../faults/recorded-gateway.js";
import { changes, gatewayWith, on, refusal, runId, type PlayedRun } from "./played-run.js";

const atGate: PlayedRun = {
  status: "waiting-approval",
  events: [
    { type: "RunStarted" },
    { type: "NodeWaitingApproval", nodeId: "gate" },
    { type: "RunStatusChanged", status: "waiting-approval" },
  ],
  approvals: [{ runId, nodeId: "gate", iteration: 0, requestTitle: "gate", requestedAtMs: 1 }],
};
const failed = (error: object, ...events: PlayedRun["events"]): PlayedRun => ({
  status: "failed",
  events: [{ type: "RunStarted" }, ...events, { type: "RunFailed", error }],
});
const publishFailed = failed(
  { message: "Task failed: publish", details: { key: "publish::0" } },
  { type: "NodeStarted", nodeId: "publish", attempt: 1 },
  { type: "NodeFailed", nodeId: "publish", attempt: 1, error: { message: "disk full" } },
);

describe("a gateway continues runs by itself, so", () => {
  test("approve and deny neither send nor mention a resume", async () => {
    const path = "/v1/api/approvals/decision";
    for (const [command, approved] of [
      ["approve", true],
      ["deny", false],
    ] as const) {
      const server = await gatewayWith(atGate, { [path]: () => ({ runId, nodeId: "gate", iteration: 0 }) });
      const done = await on(server, [command, runId]);
      expect(done.exitCode).toBe(0);
      expect(done.stderr).not.toContain("resume");
      expect(changes(server)).toEqual([[path, { runId, nodeId: "gate", iteration: 0, approved }]]);
    }
  });

  test("--no-resume prints a note that says so", async () => {
    const server = await gatewayWith(atGate, { "/v1/api/approvals/decision": () => ({ runId }) });
    const done = await on(server, ["approve", runId, "--no-resume"]);
    expect(done.stderr).toContain("a gateway continues the run by itself");
  });

  test("signal sends only the signal", async () => {
    const path = "/v1/api/signals";
    const receipt = { runId, seq: 1, signalName: "pay", correlationId: null, receivedAtMs: 1 };
    const server = await gatewayWith({ status: "waiting-event", events: [] }, { [path]: () => receipt });
    const done = await on(server, ["signal", runId, "pay"]);
    expect(done).toEqual({ exitCode: 0, stdout: `sent signal pay to run ${runId}\n`, stderr: "" });
    expect(changes(server)).toEqual([[path, { runId, signalName: "pay", data: {} }]]);
  });
});

describe("resume", () => {
  const path = `/v1/api/runs/${runId}/resume`;
  const over = { [path]: () => ({ runId, status: "already_terminal" }) };
  const hintFor = async (run: PlayedRun) => {
    const refused = await on(await gatewayWith(run, over), ["resume", runId]);
    expect(refused.exitCode).toBe(4);
    return /next: {2}(.*)/.exec(refused.stderr)?.[1];
  };

  test("fails for a run that has ended, and suggests what helps", async () => {
    expect(await hintFor(publishFailed)).toBe(`smithers-client retry --watch -- ${runId} publish`);
    expect(await hintFor(failed({ message: "render failed" }))).toBe("smithers-client run --watch -- deploy");
    expect(await hintFor({ status: "finished", events: [] })).toBe("smithers-client run -- deploy");
  });

  test("fails in the same way if sent by run --if-exists", async () => {
    const server = await gatewayWith(publishFailed, over);
    const refused = await on(server, ["run", "deploy.tsx", "--run-id", runId, "--if-exists", "resume"]);
    expect(refused).toMatchObject({ exitCode: 4, stdout: "" });
    expect(refused.stderr).toContain(`next:  smithers-client retry --watch -- ${runId} publish\n`);
  });

  test("fails for a run that counts as executing, and says that nothing was resumed", async () => {
    const server = await gatewayWith(
      { status: "running", events: [] },
      { [path]: () => ({ runId, status: "resume_requested" }) },
    );
    const refused = await on(server, ["resume", runId]);
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain(`nothing was resumed: run ${runId} counts as running`);
  });

  test("resumes a run whose engine is gone", async () => {
    const server = await gatewayWith(
      { status: "running", events: [], runState: { state: "orphaned" } },
      { [path]: () => ({ runId, status: "resume_requested" }) },
    );
    expect(await on(server, ["resume", runId])).toEqual({ exitCode: 0, stdout: `${runId}\n`, stderr: "" });
    expect(changes(server)).toEqual([[path, {}]]);
  });
});

describe("run", () => {
  const noSuchRun = refusal(404, "NOT_FOUND", "Run not found: it");

  test("lists the workflow keys, and explains them, if the gateway does not know the workflow", async () => {
    const server = await recordedGateway((_, route) => {
      if (route === "POST /v1/api/runs") return refusal(404, "NOT_FOUND", "Unknown workflow: nope");
      return route.startsWith("GET /v1/api/runs/") ? noSuchRun : undefined;
    });
    const refused = await on(server, ["run", "./nope.tsx"]);
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain("the gateway's workflows are chat, chatty, deploy, loop");
    expect(refused.stderr).toContain("next:  a gateway knows a workflow by its key: the name of its file");
  });

  test("fails if the gateway accepted the input but never recorded the run", async () => {
    const server = await recordedGateway((_, route) =>
      route.startsWith("GET /v1/api/runs/") ? noSuchRun : undefined,
    );
    const refused = await on(server, ["run", "deploy", "--run-id", "sample-1"]);
    expect(refused).toMatchObject({ exitCode: 4, stdout: "" });
    expect(refused.stderr).toContain("the server took run sample-1 but never recorded it");
  });
});

describe("a refusal", () => {
  const refusing = (answer: Buffer) =>
    recordedGateway((_, route) => (route.includes("/v1/api") ? answer : undefined));

  test("for a missing scope names the scope and exits with 6", async () => {
    const server = await refusing(refusal(403, "FORBIDDEN", "Missing scope", { requiredScope: "run:read" }));
    const refused = await on(server, ["ls"]);
    expect(refused.exitCode).toBe(6);
    expect(refused.stderr).toContain(
      "next:  use a token with the scope run:read, in SMITHERS_API_KEY or --api-key",
    );
  });

  test("of the address suggests another address, not a key", async () => {
    const server = await refusing(refusal(401, "UNAUTHORIZED", "Host is not allowed"));
    const refused = await on(server, ["ls"]);
    expect(refused.exitCode).toBe(6);
    expect(refused.stderr).toContain(
      "next:  name it as 127.0.0.1 in --base-url or SMITHERS_BASE_URL, or start it",
    );
  });
});
