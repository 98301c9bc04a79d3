import { expect, test } from "vitest";
import { Proof, type Check, type ProofScope } from "../../../src/client/follow/proof.js";
import { RunProgress } from "../../../src/client/follow/run-progress.js";
import { emptyRunView, reduceEvents, type SmithersEvent } from "../../../src/client/index.js";
import { block } from "../../faults/raw-server.js";

const event = (type: string, nodeId?: string, iteration = 0) => ({
  ...{ type, runId: "r", timestampMs: 1000 },
  ...(nodeId === undefined ? {} : { nodeId, iteration }),
});
const started = event("RunStarted");
const waits = { ...event("RunStatusChanged"), status: "waiting-approval" };
const opens = (nodeId: string, iteration = 0) => event("NodeWaitingApproval", nodeId, iteration);

interface Server {
  status: string;
  summary?: Record<string, number>;
  /** The open approvals that it lists. Default: the server keeps no list. */
  listed?: [nodeId: string, iteration: number, runId?: string][];
  /** The events from the last known one on. Default: only that one. */
  page?: object[];
  /** An HTTP status to respond with instead of the run's status. */
  http?: number;
}

/** A run of which these events were read, with checks against a server. */
function proofOf(events: object[]) {
  const progress = new RunProgress("r");
  const comments = { count: 0 };
  const stream = {
    position: events.length - 1,
    last: {
      seq: events.length - 1,
      data: JSON.stringify(events.at(-1)),
      event: events.at(-1) as SmithersEvent,
    },
    get comments() {
      return comments.count;
    },
  };
  progress.stream = stream;
  progress.update(reduceEvents(emptyRunView("r"), events as SmithersEvent[]));
  let server: Server = { status: "running" };
  const asked: string[] = [];
  const fetch = async (url: string) => {
    const path = new URL(url).pathname;
    asked.push(path.split("/").at(-1) ?? "");
    const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
    if (path.endsWith("/events")) {
      const page = (server.page ?? [events.at(-1) as object]).map(block).join("");
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode(page)),
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    }
    if (path.endsWith("/approvals")) {
      const approvals = server.listed?.map(([nodeId, iteration, runId = "r"]) => ({
        runId,
        nodeId,
        iteration,
      }));
      return json({ approvals });
    }
    if (server.http !== undefined) return json({ error: { code: "X" } }, server.http);
    const { status, summary = {}, listed } = server;
    return json({ runId: "r", status, summary, ...(listed && { runState: { state: status } }) });
  };
  const proof = new Proof({ runId: "r", baseUrl: "http://proof.example", fetch, retries: 0 }, progress);
  return {
    comments,
    asked,
    check: async (seen: Server, scope?: ProofScope): Promise<Check | undefined> => {
      server = seen;
      return proof.check(scope);
    },
  };
}

const result = async (events: object[], server: Server) => (await proofOf(events).check(server))?.result;
const stopped = "waiting-approval";

test.concurrent.each<[string, object[], Server, Check["result"] | undefined]>([
  ["the same status, and nothing open", [started], { status: "running" }, "proven"],
  ["another status", [started], { status: "paused" }, "unproven"],
  ["two kinds of waiting", [started, waits], { status: "waiting-timer" }, "proven"],
  ["a run that has ended", [started], { status: "finished" }, "ended"],
  ["a run that has ended as the view says", [started, event("RunFinished")], { status: "finished" }, "ended"],
  [
    "as many open approvals",
    [started, opens("a")],
    { status: "running", summary: { [stopped]: 1 } },
    "proven",
  ],
  ["fewer open approvals", [started, opens("a")], { status: "running" }, "unproven"],
  ["more open approvals", [started], { status: "running", summary: { [stopped]: 1 } }, "unproven"],
  [
    "as many open approvals, and a node more that has ended",
    [started, opens("a")],
    { status: "running", summary: { [stopped]: 1, finished: 1 } },
    "unproven",
  ],
  ["the listed approval", [started, opens("a", 1)], { status: "running", listed: [["a", 1]] }, "proven"],
  ["another turn of it", [started, opens("a", 0)], { status: "running", listed: [["a", 1]] }, "unproven"],
  ["another node's", [started, opens("a")], { status: "running", listed: [["b", 0]] }, "unproven"],
  ["no longer one", [started, opens("a")], { status: "running", listed: [] }, "unproven"],
  ["one more", [started], { status: "running", listed: [["a", 0]] }, "unproven"],
  ["another run's", [started], { status: "running", listed: [["a", 0, "other"]] }, "proven"],
  [
    "a page that begins elsewhere",
    [started],
    { status: "running", page: [event("NodeStarted", "x")] },
    undefined,
  ],
  ["a server that is out of order", [started], { status: "running", http: 503 }, undefined],
])("%s", { timeout: 20_000 }, async (_, events, server, expected) => {
  expect(await result(events, server)).toBe(expected);
});

test("a list of approvals proves enough for a decision, but not that every node was read", async () => {
  const { check } = proofOf([started, opens("a")]);
  const server: Server = { status: "running", listed: [["a", 0]], summary: { [stopped]: 1, finished: 1 } };
  expect((await check(server))?.result).toBe("proven");
  expect((await check(server, "everything"))?.result).toBe("unproven");
  expect((await check({ ...server, summary: { [stopped]: 1 } }, "everything"))?.result).toBe("proven");
});

test("a check's view includes the events it brings, which may be the missing ones", async () => {
  const page = [started, opens("a")];
  const check = await proofOf([started]).check({ status: "running", summary: { [stopped]: 1 }, page });
  expect(check).toMatchObject({ result: "proven", records: [{ seq: 1 }] });
  expect(check?.view.openApprovals).toMatchObject([{ nodeId: "a" }]);
});

test("a check that brings a full page proves nothing, because more events may follow", async () => {
  const page = [started, ...Array.from({ length: 199 }, (_, n) => event("NodeStarted", `n${n}`))];
  const { check } = proofOf([started]);
  expect(await check({ status: "running", page })).toMatchObject({ result: "unproven" });
  expect(await check({ status: "running", page: page.slice(0, -1) })).toMatchObject({ result: "proven" });
});

test("a refused check is an error", async () => {
  await expect(proofOf([started]).check({ status: "running", http: 404 })).rejects.toThrow("404");
});

test("nothing is requested before the first event", async () => {
  const progress = new RunProgress("r");
  const fetch = () => expect.unreachable();
  expect(await new Proof({ runId: "r", fetch }, progress).check()).toBeUndefined();
});

// A node that the server skipped without an event.
const skipped: Server = { status: "running", summary: { skipped: 1 } };

test("two equal checks with a comment between them prove what the counts cannot", async () => {
  const { check, comments } = proofOf([started]);
  expect((await check(skipped))?.result).toBe("unproven");
  expect((await check(skipped))?.result).toBe("unproven");
  comments.count++;
  expect((await check(skipped))?.result).toBe("proven");
  // From then on, the node is counted.
  expect((await check(skipped))?.result).toBe("proven");
});

test("two checks that differ prove nothing together", async () => {
  const { check, comments } = proofOf([started]);
  expect((await check(skipped))?.result).toBe("unproven");
  comments.count++;
  expect((await check({ status: "running", summary: { skipped: 2 } }))?.result).toBe("unproven");
  comments.count++;
  const withNews = { ...skipped, page: [started, event("NodePending", "x")] };
  expect((await check(withNews))?.result).toBe("unproven");
});
