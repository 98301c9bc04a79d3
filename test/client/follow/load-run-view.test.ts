import { describe, expect, test } from "vitest";
import { listApprovals, loadRunView, type Run, type RunView } from "../../../src/client/index.js";
import { protocolServer, sleep, stallingLink } from "../../faults/in-test.js";
import { connectionLimit } from "../../faults/follow.js";
import type { ScriptStep } from "../../faults/served-run.js";

/** Counts the nodes of a view by state. The server also counts pending nodes that no event has named. */
function countStates({ nodes }: RunView): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of nodes.values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function expectAgreement({ view, status }: { view: RunView; status: Run }): void {
  const { pending, ...named } = status.summary;
  expect({ status: view.status, ...countStates(view) }).toEqual({ status: status.status, ...named });
  expect(pending).toBeGreaterThan(0);
  expect(view.openApprovals.length).toBe(named["waiting-approval"] ?? 0);
}

/** Longer than a page takes, as on a real server, so that a history arrives in pages. */
const pollMs = 50;

const waiting: ScriptStep[] = [{ tasks: 670 }, { approvals: [{ nodeId: "review" }] }];

/** In the first page, between two pages, in the middle of one, at the end of the history. */
const places = [0, 57, 200, 1100, 2000, 2012, 2014];

/** This many readers at once take a while on a busy machine. */
const options = { timeout: 120_000 };

describe.concurrent("a run that has not ended", options, () => {
  test.for([450, 1800])(
    "is loaded completely over a link that stalls for %i ms at any place",
    async (ms, { onTestFinished }) => {
      const server = await protocolServer({ pollMs }, onTestFinished);
      const link = await stallingLink(server.baseUrl, onTestFinished);
      const loaded = await Promise.all(
        places.map(async (seq) => {
          const runId = `at-${seq}`;
          const run = server.addRun(runId, { script: waiting });
          run.resume();
          expect(run.events.length).toBeGreaterThan(2014);
          link.stalls.set(runId, { seq, bytes: seq % 2 === 0 ? 0 : 30, ms });
          return loadRunView({ baseUrl: link.baseUrl, runId });
        }),
      );
      for (const one of loaded) {
        expectAgreement(one);
        expect(countStates(one.view)).toMatchObject({ finished: 670, "waiting-approval": 1 });
      }
      expect(link.stalled).toBeGreaterThanOrEqual(places.length);
    },
  );

  test("is loaded at once if it has no events yet, which a second connection confirms", async ({
    onTestFinished,
  }) => {
    const server = await protocolServer({ pollMs }, onTestFinished);
    server.addRun("r", { status: "running" });
    const { view, position, status, asOf } = await loadRunView({ baseUrl: server.baseUrl, runId: "r" });
    expect({ nodes: view.nodes.size, position, status: status.status }).toEqual({
      nodes: 0,
      position: -1,
      status: "running",
    });
    // It cannot be known that no event is in flight.
    expect(asOf).not.toBeNull();
    expect(server.count("events")).toBe(2);
  });

  test("is loaded in a bounded number of requests while events keep coming", async ({ onTestFinished }) => {
    const server = await protocolServer({ pollMs }, onTestFinished);
    const run = server.addRun("r", { script: [{ tasks: 700 }, { approvals: [{ nodeId: "review" }] }] });
    run.resume();
    server.decide("approve", "r", "review", 0, "person");
    run.status = "running";
    let isLoaded = false;
    let produced = 0;
    const producing = (async () => {
      while (!isLoaded) {
        const event = { nodeId: `more-${produced++}`, iteration: 0, attempt: 1, timestampMs: 9_000_000 };
        server.publish("r", { type: "NodeStarted", runId: "r", ...event });
        await sleep(4);
      }
    })();
    try {
      const { view, status } = await loadRunView({ baseUrl: server.baseUrl, runId: "r" });
      expect(countStates(view)).toMatchObject({ finished: 700 });
      expect(view.openApprovals).toEqual([]);
      expect(status.status).toBe("running");
      // Twelve pages, the last one not full, and the checks for newer events.
      expect(server.requests.total).toBeLessThan(120);
      expect(server.requests.most).toBeLessThanOrEqual(connectionLimit);
    } finally {
      isLoaded = true;
      await producing;
    }
  });

  test("leaves no connection open once it is loaded", async ({ onTestFinished }) => {
    const server = await protocolServer({ pollMs }, onTestFinished);
    server.addRun("r", { script: waiting }).resume();
    expectAgreement(await loadRunView({ baseUrl: server.baseUrl, runId: "r" }));
    while (server.openStreams > 0) await sleep(5);
  });
});

describe.concurrent("a run that has ended", options, () => {
  test.for([450, 1800])(
    "is loaded to its end over a link that stalls for %i ms",
    async (ms, { onTestFinished }) => {
      const server = await protocolServer({ pollMs }, onTestFinished);
      const link = await stallingLink(server.baseUrl, onTestFinished);
      const loaded = await Promise.all(
        [57, 200, 2000, 2014, 2016].map(async (seq) => {
          const runId = `at-${seq}`;
          const run = server.addRun(runId, { script: waiting });
          run.resume();
          server.decide("deny", runId, "review", 0, "person");
          server.resume(runId, "person");
          link.stalls.set(runId, { seq, bytes: 0, ms });
          return loadRunView({ baseUrl: link.baseUrl, runId });
        }),
      );
      for (const { view, status } of loaded) {
        expect({ view: view.status, status: status.status, open: view.openApprovals }).toEqual({
          ...{ view: "failed", status: "failed", open: [] },
        });
        expect(countStates(view)).toEqual({ finished: 670, failed: 1 });
      }
    },
  );
});

test.for([false, true])(
  "listApprovals lists only open approvals over a stalling link (the server lists them: %s)",
  async (listsApprovals, { onTestFinished }) => {
    const server = await protocolServer({ pollMs, listsApprovals }, onTestFinished);
    const link = await stallingLink(server.baseUrl, onTestFinished);
    // The first iteration of each run is decided. Of some, the second one is decided too, but not resumed.
    for (const [n, seq] of [300, 605, 606, 608, 610, 612, 614, 616].entries()) {
      const turn = (iteration: number) => ({
        approvals: [{ nodeId: "review", iteration, ifDenied: "skip" as const }],
      });
      const runId = `r${n}`;
      server.addRun(runId, { script: [{ tasks: 200 }, turn(0), turn(1)] }).resume();
      server.decide(n % 4 < 2 ? "approve" : "deny", runId, "review", 0, "person");
      server.resume(runId, "person");
      if (n % 2 === 1) server.decide("deny", runId, "review", 1, "person");
      link.stalls.set(runId, { seq, bytes: 0, ms: 450 });
    }
    const rows = await listApprovals({ baseUrl: link.baseUrl });
    const names = rows.map(({ runId, nodeId, iteration }) => `${runId} ${nodeId} ${iteration}`);
    expect(names.sort()).toEqual([0, 2, 4, 6].map((n) => `r${n} review 1`));
  },
);
