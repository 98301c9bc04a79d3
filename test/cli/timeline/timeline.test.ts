import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { Frame, SmithersEvent } from "../../../src/client/index.js";
import { predecessorsIn } from "../../../src/cli/timeline/predecessors.js";
import { RunTimes } from "../../../src/cli/timeline/run-times.js";
import { buildTimeline, isCritical } from "../../../src/cli/timeline/timeline.js";
import { readFrame, type FrameGroup } from "../../../src/cli/tree/run-tree.js";

type Event = [at: number, type: string, nodeId?: string | undefined, fields?: object];

/** The tree of a frame: a string is a task, and an array is a container that starts with its kind. */
type Tree = string | readonly [kind: string, ...Tree[]];

function treeOf(tree: Tree): FrameGroup {
  const element = (item: Tree): object =>
    typeof item === "string"
      ? { kind: "element", tag: "smithers:task", props: { id: item }, children: [] }
      : {
          kind: "element",
          tag: `smithers:${item[0]}`,
          props: {},
          children: item.slice(1).map((each) => element(each)),
        };
  const frame = { xmlJson: JSON.stringify(element(tree)), taskIndexJson: "[]" } as Frame;
  const read = readFrame(frame);
  if (read === undefined) throw new Error("no tree");
  return read;
}

function timesOf(events: readonly Event[]): RunTimes {
  const times = new RunTimes();
  for (const [timestampMs, type, nodeId, fields] of events)
    times.add({
      runId: "r",
      type,
      timestampMs,
      ...(nodeId === undefined ? {} : { nodeId, iteration: 0 }),
      ...fields,
    } as SmithersEvent);
  return times;
}

/** A line for each row: its name and attempt, its state, and its spans, with `*` for those in the longest chain. */
function rowsOf(
  events: readonly Event[],
  { tree, now = 1000 }: { tree?: Tree; now?: number } = {},
): string[] {
  const { rows } = buildTimeline(
    timesOf(events),
    now,
    tree === undefined ? undefined : predecessorsIn(treeOf(tree)),
  );
  return rows.map(({ nodeId, iteration, attempt, state, spans }) => {
    const name = `${nodeId}${iteration === 0 ? "" : `#${iteration}`}/${attempt}`;
    const times = spans.map((span) => `${span.phase} ${span.from}-${span.to}${span.isCritical ? "*" : ""}`);
    return `${name} ${state}: ${times.join(", ")}`;
  });
}

const started = (at: number, nodeId: string, attempt = 1, fields = {}): Event => [
  at,
  "NodeStarted",
  nodeId,
  { attempt, ...fields },
];
const finished = (at: number, nodeId: string, attempt = 1, fields = {}): Event => [
  at,
  "NodeFinished",
  nodeId,
  { attempt, ...fields },
];
const failed = (at: number, nodeId: string, attempt = 1): Event => [
  at,
  "NodeFailed",
  nodeId,
  { attempt, error: "x" },
];
const start: Event = [0, "RunStarted"];

describe("spans", () => {
  test.each<[string, Event[], Tree, string[]]>([
    [
      "one after the other",
      [
        start,
        started(10, "a"),
        finished(100, "a"),
        started(110, "b"),
        finished(200, "b"),
        [200, "RunFinished"],
      ],
      ["sequence", "a", "b"],
      ["a/1 finished: queued 0-10*, executing 10-100*", "b/1 finished: queued 100-110*, executing 110-200*"],
    ],
    [
      "side by side, with one in the queue until another has ended",
      [
        start,
        started(0, "a"),
        started(0, "b"),
        finished(100, "a"),
        started(110, "c"),
        finished(150, "b"),
        finished(300, "c"),
        [300, "RunFinished"],
      ],
      ["parallel", "a", "b", "c"],
      [
        "a/1 finished: executing 0-100*",
        "b/1 finished: executing 0-150",
        "c/1 finished: queued 0-110, executing 110-300*",
      ],
    ],
    [
      "a gate that is reached, decided, and resumed",
      [
        start,
        started(0, "a"),
        finished(100, "a"),
        [105, "ApprovalRequested", "gate"],
        [105, "NodeWaitingApproval", "gate"],
        [106, "RunStatusChanged", undefined, { status: "waiting-approval" }],
        [400, "ApprovalGranted", "gate"],
        [500, "RunStarted"],
        started(510, "gate"),
        finished(520, "gate"),
        [520, "RunFinished"],
      ],
      ["sequence", "a", "gate"],
      [
        "a/1 finished: executing 0-100*",
        "gate/1 finished: queued 100-105*, approval 105-400*, queued 400-510*, executing 510-520*",
      ],
    ],
    [
      "a gate that is announced before the run has come to it, and decided before and after",
      [
        start,
        [1, "NodeWaitingApproval", "early"],
        [1, "NodeWaitingApproval", "late"],
        started(2, "a"),
        [50, "ApprovalGranted", "early"],
        finished(100, "a"),
        started(110, "early"),
        finished(120, "early"),
        [200, "ApprovalGranted", "late"],
        started(210, "late"),
        finished(220, "late"),
        [220, "RunFinished"],
      ],
      ["sequence", "a", ["parallel", "early", "late"]],
      [
        "a/1 finished: queued 0-2*, executing 2-100*",
        "early/1 finished: queued 100-110, executing 110-120",
        "late/1 finished: approval 100-200*, queued 200-210*, executing 210-220*",
      ],
    ],
    [
      "attempts",
      [
        start,
        started(0, "a"),
        failed(100, "a"),
        [101, "NodeRetrying", "a", { attempt: 2 }],
        started(300, "a", 2),
        failed(400, "a", 2),
        [400, "RunFailed", undefined, { error: "Task failed" }],
      ],
      ["sequence", "a"],
      ["a/1 failed: executing 0-100*", "a/2 failed: queued 100-300*, executing 300-400*"],
    ],
    [
      "an engine that was lost: until its last event",
      [
        start,
        started(0, "a"),
        [80, "TaskHeartbeat", "a", { attempt: 1 }],
        [500, "RunStarted"],
        started(510, "a"),
        finished(600, "a"),
        [600, "RunFinished"],
      ],
      ["sequence", "a"],
      ["a/1 finished: executing 0-80*, queued 80-510*, executing 510-600*"],
    ],
    [
      "a run that was resumed after its end: nothing is queued in between",
      [
        start,
        started(0, "a"),
        finished(100, "a"),
        [100, "RunFailed", undefined, { error: "x" }],
        [900, "RunStarted"],
        started(910, "b"),
        finished(950, "b"),
        [950, "RunFinished"],
      ],
      ["sequence", "a", "b"],
      ["a/1 finished: executing 0-100", "b/1 finished: queued 900-910*, executing 910-950*"],
    ],
    [
      "turns of a loop",
      [
        start,
        ...[0, 1].flatMap((iteration): Event[] => [
          started(iteration * 100, "draft", 1, { iteration }),
          finished(iteration * 100 + 40, "draft", 1, { iteration }),
          started(iteration * 100 + 50, "review", 1, { iteration }),
          finished(iteration * 100 + 90, "review", 1, { iteration }),
        ]),
        started(200, "ship"),
        finished(210, "ship"),
        [210, "RunFinished"],
      ],
      ["sequence", ["ralph", ["sequence", "draft", "review"]], "ship"],
      [
        "draft/1 finished: executing 0-40*",
        "review/1 finished: queued 40-50*, executing 50-90*",
        "draft#1/1 finished: queued 90-100*, executing 100-140*",
        "review#1/1 finished: queued 140-150*, executing 150-190*",
        "ship/1 finished: queued 190-200*, executing 200-210*",
      ],
    ],
    [
      "denied, cancelled and skipped nodes",
      [
        start,
        started(0, "a"),
        [5, "NodeWaitingApproval", "gate"],
        [50, "ApprovalDenied", "gate"],
        [60, "NodeCancelled", "a", { attempt: 1 }],
        [60, "NodeSkipped", "b"],
        [70, "RunFailed", undefined, { error: "x" }],
      ],
      ["parallel", "a", "gate", "b"],
      ["a/1 cancelled: executing 0-60*", "gate/0 denied: queued 0-5, approval 5-50"],
    ],
  ])("of %s", (_, events, tree, rows) => {
    expect(rowsOf(events, { tree })).toEqual(rows);
  });

  test.each([
    ["c", "d"],
    ["d", "c"],
  ])("of a queue are only in the chain of their own node", (long, short) => {
    const events = [start, started(100, "c"), started(100, "d"), finished(150, short), finished(300, long)];
    const end: Event = [300, "RunFinished"];
    expect(rowsOf([...events, end], { tree: ["parallel", "c", "d"] }).toSorted()).toEqual(
      [
        `${long}/1 finished: queued 0-100*, executing 100-300*`,
        `${short}/1 finished: queued 0-100, executing 100-150`,
      ].toSorted(),
    );
  });

  test("extend to the present while the run continues", () => {
    const events: Event[] = [
      start,
      started(0, "a"),
      started(0, "b"),
      [1, "NodePending", "c"],
      [1, "NodePending", "later"],
      failed(40, "b"),
      [41, "NodeRetrying", "b", { attempt: 2 }],
    ];
    const tree: Tree = ["sequence", ["parallel", "a", "b", "c"], "later"];
    expect(rowsOf(events, { tree, now: 700 })).toEqual([
      "a/1 executing: executing 0-700*",
      "b/1 failed: executing 0-40",
      "c/0 queued: queued 0-700",
      "b/2 queued: queued 40-700",
    ]);
    // A clock that is behind the server's does not end a span before it began.
    expect(rowsOf([start, started(5000, "a")], { now: 100 })).toEqual([
      "a/1 executing: queued 0-5000*, executing 5000-5000*",
    ]);
  });

  const oneAfterTheOther: Event[] = [
    start,
    started(10, "a"),
    finished(100, "a"),
    started(110, "b"),
    finished(200, "b"),
  ];

  test("without a tree count a node as queued since the last end of any node", () => {
    expect(rowsOf(oneAfterTheOther)).toEqual([
      "a/1 finished: queued 0-10*, executing 10-100*",
      "b/1 finished: queued 100-110*, executing 110-200*",
    ]);
  });

  test("are complete even if the tree has other nodes or another order", () => {
    for (const tree of [
      ["sequence", "x"],
      ["sequence", "b", "a"],
      ["sequence", "a", ["parallel"]],
      ["parallel"],
    ] as Tree[]) {
      const rows = rowsOf(oneAfterTheOther, { tree });
      expect(rows.map((row) => row.replace(/queued [^,]*, /, "").replaceAll("*", ""))).toEqual([
        "a/1 finished: executing 10-100",
        "b/1 finished: executing 110-200",
      ]);
    }
  });

  test("do not depend on events without a time, a node or a known type", () => {
    const odd: Event[] = [
      [NaN, "NodeStarted", "a"],
      [1e300, "NodeStarted", "a"],
      [3, "NodeStarted"],
      [4, "NewThing", "n"],
      [5, "NodeFinished", "unstarted"],
    ];
    expect(rowsOf([...odd, start, ...odd, started(10, "a", undefined)])).toContain(
      "a/1 executing: queued 5-10*, executing 10-1000*",
    );
    expect(buildTimeline(new RunTimes(), 5)).toEqual({ startedAt: null, endsAt: 5, rows: [] });
  });

  test("start over when the run continues as another one", () => {
    const events: Event[] = [start, started(0, "a"), finished(10, "a"), [10, "RunContinuedAsNew"]];
    const next = { runId: "next" };
    expect(
      rowsOf([
        ...events,
        [20, "RunStarted", undefined, next],
        [30, "NodeStarted", "b", { attempt: 1, ...next }],
      ]),
    ).toEqual(["b/1 executing: queued 20-30*, executing 30-1000*"]);
  });
});

describe("a recorded run of 0.32", () => {
  test.each([
    ["signal", ["first/1", "payment/0", "last/1"], "waiting"],
    ["timer", ["gate/1", "pause/0", "after/1"], "waiting"],
  ])("that waits for a %s has the wait in its longest chain", async (name, names, phase) => {
    const file = new URL("../../client/recorded-0.32.json", import.meta.url);
    const recorded =
      (JSON.parse(await readFile(file, "utf8")) as Record<string, SmithersEvent[]>)[name] ?? [];
    const times = new RunTimes();
    for (const event of recorded) times.add(event);
    const { rows } = buildTimeline(times, Date.now());
    expect(rows.map(({ nodeId, attempt }) => `${nodeId}/${attempt}`)).toEqual(names);
    const wait = rows[1]?.spans.find((span) => span.phase === phase);
    expect((wait?.to ?? 0) - (wait?.from ?? 0)).toBeGreaterThan(2000);
    // The wait took longest.
    expect(rows.filter(isCritical).map(({ nodeId }) => nodeId)).toContain(rows[1]?.nodeId);
  });
});

test("10,000 nodes that take no time all have a row", () => {
  const many = Array.from({ length: 10_000 }, (_, index): Event[] => [
    started(index, `n${index}`),
    finished(index, `n${index}`),
  ]);
  expect(rowsOf([start, ...many.flat()])).toHaveLength(10_000);
});
