import { describe, expect, test } from "vitest";
import type { OutputStream } from "../../../src/cli/context.js";
import { httpFetch } from "../../../src/cli/network/http-fetch.js";
import { commands } from "../../../src/cli/commands/index.js";
import { offersFor } from "../../../src/cli/completion/offers.js";
import { recordedGateway } from "../../faults/recorded-gateway.js";
import { changes, gatewayWith, on, runId, type PlayedRun } from "./played-run.js";

const options = [
  { key: "blue", label: "Blue", summary: "the old cluster" },
  { key: "green" },
  { key: "red" },
];
const decision = "/v1/api/approvals/decision";

/** A run at the approval `pick`, which asks for a choice as real approvals do. */
function asking(mode: "select" | "rank"): PlayedRun {
  const request = { mode, title: "Which cluster?", summary: null, options };
  const row = { runId, nodeId: "pick", iteration: 0, requestTitle: "Which cluster?", requestedAtMs: 1 };
  return {
    status: "waiting-approval",
    events: [
      { type: "RunStarted" },
      { type: "ApprovalRequested", nodeId: "pick", request },
      { type: "NodeWaitingApproval", nodeId: "pick", request },
      { type: "RunStatusChanged", status: "waiting-approval" },
    ],
    approvals: [{ ...row, approvalMode: mode, options }],
  };
}

/** Continues the run, as a gateway does by itself. */
const goOn = (_: object, run: PlayedRun) => {
  run.status = "finished";
  run.approvals = [];
  run.events.push(
    { type: "ApprovalGranted", nodeId: "pick" },
    { type: "RunStarted" },
    { type: "NodeFinished", nodeId: "pick", attempt: 1 },
    { type: "RunFinished" },
  );
  return { runId, nodeId: "pick", iteration: 0 };
};

const sent = (choice: object, more: object = {}) => [
  [decision, { runId, nodeId: "pick", iteration: 0, approved: true, ...more, decision: choice }],
];

describe("an approval that asks for a choice", () => {
  test("is approved with the choice of --select or --rank", async () => {
    const picked = await gatewayWith(asking("select"), { [decision]: goOn });
    expect((await on(picked, ["approve", runId, "--select", "green"])).stdout).toBe(
      `approved pick of run ${runId}\n`,
    );
    expect(changes(picked)).toEqual(sent({ selected: "green" }));

    const ranked = await gatewayWith(asking("rank"), { [decision]: goOn });
    await on(ranked, ["approve", runId, "--rank", "red,blue,green"]);
    expect(changes(ranked)).toEqual(sent({ ranked: ["red", "blue", "green"] }));
  });

  test.each([
    [[], "pick asks for one of its options: blue, green, red"],
    [["--select", "gree"], "'gree' is not an option of pick; its options are blue, green, red"],
    [["--rank", "red,blue"], "pick asks for one of its options, not for a ranking"],
  ])("is not approved with the flags %j", async (flags, problem) => {
    const server = await gatewayWith(asking("select"), { [decision]: goOn });
    const refused = await on(server, ["approve", runId, ...flags]);
    expect(refused).toMatchObject({ exitCode: 4, stdout: "" });
    expect(refused.stderr).toBe(
      `error: ${problem}\nnext:  smithers-client approve --select <key> -- ${runId} pick\n`,
    );
    expect(changes(server)).toEqual([]);
  });

  test("cannot be approved again with a choice, since the earlier choice is unknown", async () => {
    const run = asking("select");
    goOn({}, run);
    const server = await gatewayWith(run);
    const refused = await on(server, ["approve", runId, "pick", "--select", "green"]);
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain("was approved already");
  });

  test("is denied without a choice", async () => {
    const server = await gatewayWith(asking("select"), { [decision]: () => ({ runId }) });
    expect((await on(server, ["deny", runId])).exitCode).toBe(0);
    expect(changes(server)).toEqual([[decision, { runId, nodeId: "pick", iteration: 0, approved: false }]]);
  });
});

describe("while a run is followed", () => {
  const terminal = (text: { written: string }): OutputStream => ({
    isTTY: true,
    columns: 80,
    rows: 24,
    terminal: undefined,
    async write(words) {
      text.written += words;
    },
    onResize: () => () => {},
  });

  async function answered(mode: "select" | "rank", answers: string[]) {
    const server = await gatewayWith(asking(mode), { [decision]: goOn });
    const screen = { written: "" };
    const prompts: string[] = [];
    const left = [...answers];
    const stdin = {
      isTTY: true,
      bytes: async () => new Uint8Array(),
      listen: () => {},
      question: async (prompt: string) => {
        prompts.push(prompt);
        return left.shift();
      },
    };
    const done = await on(server, ["watch", runId], { stdin, stderr: terminal(screen), now: Date.now });
    return { ...done, server, prompts, screen: screen.written };
  }

  test("the question lists the options, and is repeated until one of them is chosen", async () => {
    const { exitCode, server, prompts, screen } = await answered("select", ["a", "gree", "green", "quick"]);
    expect(screen).toContain("  Which cluster?\n  blue  Blue – the old cluster\n  green\n  red\n");
    expect(screen).toContain("'gree' is not an option of pick");
    expect(prompts).toEqual([
      "approve, deny or skip? [a/d/s] ",
      "which option (its key)? ",
      "which option (its key)? ",
      "note (may be empty): ",
    ]);
    expect(changes(server)).toEqual(sent({ selected: "green" }, { note: "quick" }));
    expect(exitCode).toBe(0);
  });

  test("the question accepts a ranking", async () => {
    const { server } = await answered("rank", ["approve", "red, green, blue", ""]);
    expect(changes(server)).toEqual(sent({ ranked: ["red", "green", "blue"] }));
  });

  test("--on-approval approve skips an approval that asks for a choice, and names the command", async () => {
    const server = await gatewayWith(asking("select"), { [decision]: goOn });
    const signal = AbortSignal.timeout(1500);
    const done = await on(server, ["watch", runId, "--on-approval", "approve"], { signal });
    expect(done.stderr).toContain(`smithers-client approve --select <key> -- ${runId} pick`);
    expect(changes(server)).toEqual([]);
  });
});

test("completion offers a gateway's workflow keys, and files if a path is typed", async () => {
  const server = await recordedGateway();
  const context = {
    cwd: import.meta.dirname,
    env: { SMITHERS_BASE_URL: server.baseUrl },
    fetch: httpFetch({}),
    now: Date.now,
  };
  const keys = await offersFor(["run"], "", context, commands);
  expect(keys).toMatchObject({
    words: expect.arrayContaining([{ word: "deploy", about: "workflow" }]) as object,
  });
  const asked = server.requests.length;
  await offersFor(["run"], "../", context, commands);
  expect(server.requests).toHaveLength(asked);
});
