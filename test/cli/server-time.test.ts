import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answer, block, chunk, head, RawServer } from "../faults/raw-server.js";
import { startInTerminal } from "./binary-terminal.js";
import { cli } from "./run-cli.js";

const minute = 60_000;

/** Starts a server whose clock is off, with a healthy run that started 31 s ago by that clock. */
async function serverAt(aheadMs: number): Promise<RawServer> {
  const startedAtMs = Date.now() + aheadMs - 31_000;
  const dated = () => ({ date: new Date(Date.now() + aheadMs).toUTCString() });
  const common = { runId: "r", timestampMs: startedAtMs, iteration: 0 };
  const events = [
    { type: "RunStarted", ...common },
    { type: "NodeStarted", ...common, nodeId: "build", attempt: 1 },
  ].map((event) => chunk(block(event)));
  return RawServer.start(({ path }, socket) => {
    if (path.includes("/events")) {
      const type = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
      socket.write(head(200, { ...type, ...dated() }));
      const afterSeq = Number(new URL(path, "http://x").searchParams.get("afterSeq") ?? -1);
      for (const event of events.slice(afterSeq + 1)) socket.write(event);
      return;
    }
    const run = {
      runId: "r",
      workflowName: "w",
      status: "running",
      startedAtMs,
      finishedAtMs: null,
      summary: { "in-progress": 1 },
    };
    const gate = {
      ...run,
      nodeId: "gate",
      requestTitle: "gate",
      requestedAtMs: startedAtMs,
      waitingMs: 1,
      iteration: 0,
    };
    const document = path.includes("/frames")
      ? []
      : path.startsWith("/v1/approvals")
        ? { approvals: [gate] }
        : path.startsWith("/v1/runs/")
          ? run
          : [run];
    socket.end(answer(200, document, dated()));
  });
}

describe.each([
  ["behind ours", -30 * minute],
  ["ahead of ours", 30 * minute],
])("with a server clock that is %s", (_, aheadMs) => {
  let server: RawServer;
  beforeEach(async () => {
    server = await serverAt(aheadMs);
  });
  afterEach(() => server.close());
  const run = (...args: string[]) => cli(args, { baseUrl: server.baseUrl });

  test("status does not report a healthy run as silent, and shows how long it has been running", async () => {
    const { stdout, exitCode } = await run("status", "r");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^took +[345]\d\.\ds$/m);
    expect(stdout).toMatch(/build +[345]\ds$/m);
    expect(stdout).not.toMatch(/no event|resume/);
  });

  test("ls and approvals show ages by the server's clock", async () => {
    expect((await run("ls")).stdout).toMatch(/[345]\ds ago +[345]\d\.\ds$/m);
    expect((await run("approvals")).stdout).toMatch(/ [345]\d\.\ds$/m);
  });

  test("the heartbeat and the live view show durations by the server's clock", async () => {
    const { stderr } = await run("watch", "r", "--heartbeat", "300ms", "--timeout", "2s");
    expect(stderr).toMatch(/build has been running for [345]\d\.\ds/);
    const terminal = startInTerminal(["watch", "r"], { baseUrl: server.baseUrl });
    try {
      const screen = await terminal.shows(/build +[345]\ds/);
      expect(screen).toMatch(/running {2}[345]\ds/);
      expect(screen).not.toContain("no event");
    } finally {
      await terminal.close();
    }
  });
});
